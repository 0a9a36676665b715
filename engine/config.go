package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"
)

// Access says what an engine may do with its file.
type Access uint8

// The kinds of access.
const (
	Create    Access = iota // read and write; create the file, or migrate an older schema, if need be
	ReadWrite               // read and write a file that exists and has the current schema
	ReadOnly                // never write
)

// Config configures an engine. The zero value of every field but Path is useful.
type Config struct {
	Path         string        // the database file; its folder must exist
	Access       Access        // the zero value creates and migrates
	Adopt        bool          // allow a database that already holds the user's own tables
	AllowNetwork bool          // allow a network file system, whose locks may lie
	Workers      int           // runs that Serve executes at a time; 0 means 4 per CPU, at least 16
	Lease        time.Duration // after which a worker that lives but shows no heartbeat is deposed; 0 means 30 s
	DrainTimeout time.Duration // how long Serve and Close wait for steps to stop; 0 means 30 s
	Grace        time.Duration // after which a step that does not heed its cancelled context is given up; 0 means 30 s
	StopAt       time.Time     // when this process will be ended; zero: not known. What executes is saved in time, see InTime
	Checkpoint   Checkpoint    // the widest checkpoint policy
	Preserve     Preserve      // the widest policy of which older checkpoints are kept
	Keep         Keep          // what remains of a completed run; "" means KeepHistory
	Logger       *slog.Logger  // nil discards
	Stdout       io.Writer     // where Context.Stdout writes; nil discards
	Stderr       io.Writer     // where Context.Stderr writes; nil discards
	Program      string        // recorded as the worker's program; "" means the executable's name
	Version      string        // recorded as the program's version; "" means that of the build

	// Setup runs once in Open with Access Create, in one transaction: the place to create the user's own
	// tables, such as CREATE TABLE IF NOT EXISTS. Its error fails Open.
	Setup func(ctx context.Context, tx Tx) error
	// Provenance tells where what this process computes comes from, as a JSON object: which program, which commit,
	// which arguments. It is called once, when the process first owns a run, and what it tells last is recorded
	// with the worker, for [Engine.Provenance]. It runs beside the runs, with a limit of five seconds, of which half a
	// second after Close has begun; when ctx ends it should return. So it should tell first what it knows at once: a
	// process that is killed has left that. nil records nothing.
	Provenance func(ctx context.Context, tell func(json.RawMessage))
	// Hook does what a [Hook] asks for. Without it this process fires none, and leaves them to others.
	Hook func(ctx context.Context, eng *Engine, ev HookEvent) error
	// HookTimeout is after which time the context of Hook ends; 0 means 30 s. Close waits for hooks under way.
	HookTimeout time.Duration
	// Observer is told what happens.
	Observer Observer
}

// MinLease is the shortest Config.Lease: two heartbeats.
const MinLease = 2 * heartbeat

func (c Config) withDefaults() Config {
	c.Workers = cmp.Or(c.Workers, max(16, 4*runtime.GOMAXPROCS(0)))
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 30*time.Second)
	c.Grace = cmp.Or(c.Grace, 30*time.Second)
	c.HookTimeout = cmp.Or(c.HookTimeout, 30*time.Second)
	c.Keep = cmp.Or(c.Keep, KeepHistory)
	c.Program = cmp.Or(c.Program, filepath.Base(os.Args[0]))
	c.Version = cmp.Or(c.Version, buildVersion())
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// validate reports all faults at once.
func (c Config) validate() error {
	var faults []error
	if c.Path == "" {
		faults = append(faults, errors.New("config: Path is empty"))
	}
	if c.Workers < 0 {
		faults = append(faults, fmt.Errorf("config: Workers %d must not be negative", c.Workers))
	}
	if c.Lease < MinLease {
		faults = append(faults, fmt.Errorf("config: Lease %v must be at least %v", c.Lease, MinLease))
	}
	if c.HookTimeout < 0 {
		faults = append(faults, fmt.Errorf("config: HookTimeout %v must not be negative", c.HookTimeout))
	}
	if c.Grace < 0 {
		faults = append(faults, fmt.Errorf("config: Grace %v must not be negative", c.Grace))
	}
	if c.DrainTimeout < 0 {
		faults = append(faults, fmt.Errorf("config: DrainTimeout %v must not be negative", c.DrainTimeout))
	}
	if err := c.Keep.check(); err != nil {
		faults = append(faults, fmt.Errorf("config: %w", err))
	}
	for _, err := range append(c.Checkpoint.faults(), c.Preserve.faults()...) {
		faults = append(faults, fmt.Errorf("config: %w", err))
	}
	return errors.Join(faults...)
}

// buildVersion is the main module's version, or the commit it was built from.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, dirty := "devel", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	return revision + dirty
}

// Keep says what remains of a run that has completed. Runs that failed or were cancelled keep
// everything until retention removes them.
type Keep string

// What remains of a completed run. Its row and result always do.
const (
	KeepNone    Keep = "none"    // neither checkpoints nor history
	KeepHistory Keep = "history" // the history, but no checkpoints
	KeepAll     Keep = "all"     // everything
)

func (k Keep) check() error {
	switch k {
	case "", KeepNone, KeepHistory, KeepAll:
		return nil
	}
	return fmt.Errorf("keep %q must be none, history or all", string(k))
}
