package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

// open opens the database that --db names. Access is the verb's choice: engine.Create for start,
// worker and migrate, engine.ReadWrite for what changes runs, engine.ReadOnly for what looks.
// The caller closes the engine.
func (a *app) open(ctx context.Context, access engine.Access) (*engine.Engine, error) {
	return a.openWith(ctx, engine.Config{Access: access})
}

// openWith opens the database that --db names, with what else cfg says.
func (a *app) openWith(ctx context.Context, cfg engine.Config) (*engine.Engine, error) {
	if a.db == "" {
		return nil, errNoDB()
	}
	if a.hookTimeout < 0 {
		return nil, usagef("--hook-timeout %v must not be negative", a.hookTimeout)
	}
	cfg.Path, cfg.Provenance = a.db, a.gather
	cfg.Observer.StepHeedless = a.heedless
	cfg.Hook, cfg.HookTimeout = a.fireHook, a.hookTimeout
	eng, err := engine.Open(ctx, cfg, a.defs...)
	if err != nil {
		if cfg.Access == engine.Create && errors.Is(err, engine.ErrNoFile) {
			return nil, hinted(fmt.Errorf("no folder for the database %s", a.db), "make it first, or name another database with --db")
		}
		return nil, a.openError(err)
	}
	return eng, nil
}

// heedless names a step for which everybody waits.
func (a *app) heedless(h engine.Heedless) {
	if h.Ref.Workflow == execWorkflow {
		return // it says itself that it waits for its program
	}
	go a.note("step %q of run %d has not looked at its context for %s: it cannot be saved before it does", // not here: the engine waits
		h.Ref.Step, h.Ref.ID, humanDuration(h.For.Round(time.Second)))
}

func errNoDB() error { return usagef("--db names no database") }

// openError adds what to do about a database that does not open.
func (a *app) openError(err error) error {
	switch {
	case errors.Is(err, engine.ErrNoFile):
		return hinted(fmt.Errorf("no database at %s", a.db), "name another one with --db")
	case errors.Is(err, engine.ErrArchive):
		return hinted(err, "name the database with --db; an archive that nobody needs any more is a file to delete")
	case errors.Is(err, engine.ErrForeign), errors.Is(err, engine.ErrNotDatabase), errors.Is(err, engine.ErrIsFolder):
		return hinted(err, "name another database with --db")
	case errors.Is(err, engine.ErrStorage) && !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrGone):
		return hinted(err, damageAdvice)
	case errors.Is(err, engine.ErrSchemaTooOld):
		return hinted(err, "bring it up to date with: %s migrate up%s", a.name, a.dbFlag())
	case errors.Is(err, engine.ErrSchemaTooNew):
		return hinted(err, "use the newer program")
	}
	return err
}

// damageAdvice is what to do with a file that is damaged.
const damageAdvice = "keep a copy of the file as it is and restore a backup; without one, sqlite3's .recover saves what can be read"

// dbFlag is what a command line that is shown to a person needs to name the same database: nothing,
// or --db with a space before it.
func (a *app) dbFlag() string {
	if a.db == defaultDB || a.db == envDB() {
		return ""
	}
	return " --db " + shellWord(a.db)
}

// resumeLine is the command line that goes on with these runs, or without any with all that can.
func (a *app) resumeLine(ids ...int64) string {
	line := a.name + " resume"
	for _, id := range ids {
		line += " " + strconv.FormatInt(id, 10)
	}
	return line + a.dbFlag()
}

// find returns the run that ref names: an ID, @last, a key, or a UUID prefix.
func (a *app) find(ctx context.Context, eng *engine.Engine, ref string) (engine.Run, error) {
	run, err := eng.Outline(ctx, ref)
	if _, gone := errors.AsType[*engine.RemovedError](err); !gone && errors.Is(err, engine.ErrRunNotFound) {
		return run, hinted(err, "see: %s list%s", a.name, a.dbFlag())
	}
	return run, err
}

// withEngine opens the database, calls fn and closes it.
func (a *app) withEngine(ctx context.Context, access engine.Access, fn func(*engine.Engine) error) error {
	eng, err := a.open(ctx, access)
	if err != nil {
		return err
	}
	return errors.Join(fn(eng), eng.Close())
}

func envDB() string { return os.Getenv("WF_DB") }

// shellWord quotes s for a shell if it needs quoting.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./+:@%,=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
