package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// pageSize is how many rows one query reads at most, so that no read transaction stays open for long.
const pageSize = 1000

// Get returns the run with this number, or ErrRunNotFound, which is a *RemovedError if it was pruned
// or archived.
func (e *Engine) Get(ctx context.Context, id int64) (Run, error) {
	row, err := e.present(ctx, id)
	if err != nil {
		return Run{}, err
	}
	return e.whole(ctx, &row)
}

// present is Get for the row of the run.
func (e *Engine) present(ctx context.Context, id int64) (store.Run, error) {
	row, err := e.row(ctx, id)
	if errors.Is(err, ErrRunNotFound) {
		err = e.removed(ctx, number(id), err)
	}
	return row, err
}

// whole is the run of a row, with its attributes.
func (e *Engine) whole(ctx context.Context, row *store.Run) (run Run, err error) {
	run = e.runOf(row)
	run.Attributes, err = e.attributes(ctx, row.ID)
	return run, err
}

func (e *Engine) runOf(row *store.Run) Run {
	if def := e.defs[row.Workflow]; def != nil {
		return runOf(row, def)
	}
	return runOf(row, nil)
}

// outlineOf is runOf without a State that is larger than 1 MiB: as JSON it may take seconds.
func (e *Engine) outlineOf(row *store.Run) Run {
	state := Payload(row.Checkpoint.State)
	if len(state.Data) <= codec.MaxInline {
		return e.runOf(row)
	}
	bare := *row
	bare.Checkpoint.State = store.Payload{}
	run := e.runOf(&bare)
	run.Brief = briefOf(state, e.known(row.Workflow))
	return run
}

// Find returns the run that a person means: by its number, "@last" for the newest, its key, or the
// beginning of its UUID. It returns ErrRunNotFound if there is none, which is a *RemovedError if it
// was pruned or archived, and an error that says so if there are several.
func (e *Engine) Find(ctx context.Context, ref string) (Run, error) {
	row, err := e.find(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return Run{}, e.removed(ctx, ref, fmt.Errorf("run %q: %w", ref, ErrRunNotFound))
	}
	if err != nil {
		return Run{}, err
	}
	return e.whole(ctx, &row)
}

// Outline is Find, but does not read a state that is larger than 1 MiB, so that it takes the same time for every run:
// State is nil then, and Brief is what the history says of it.
func (e *Engine) Outline(ctx context.Context, ref string) (Run, error) {
	id, err := e.resolve(ctx, ref)
	if err == nil {
		return e.outline(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = e.removed(ctx, ref, fmt.Errorf("run %q: %w", ref, ErrRunNotFound))
	}
	return Run{}, err
}

// outline is Outline of a run by its number.
func (e *Engine) outline(ctx context.Context, id int64) (Run, error) {
	row, brief, err := e.store.RunOutline(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return Run{}, e.removed(ctx, number(id), found(id, err))
	}
	if err != nil {
		return Run{}, err
	}
	run := e.runOf(&row)
	run.Brief = cmp.Or(run.Brief, brief)
	run.Attributes, err = e.attributes(ctx, id)
	return run, err
}

// removed returns where the run that ref means has gone, or missing if nothing is left of one.
func (e *Engine) removed(ctx context.Context, ref string, missing error) error {
	left, err := e.store.Pruned(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return missing
	}
	if err != nil {
		return errors.Join(missing, err)
	}
	gone := &RemovedError{RunID: left.Run, UUID: left.UUID, At: timeOf(left.PrunedUS)}
	if left.Archive != "" {
		gone.Archive = e.archivePath(left.Archive)
	}
	return gone
}

// archivePath is the path of an archive file as the path of the database was given, if that leads to it.
func (e *Engine) archivePath(name string) string {
	given := filepath.Join(e.cfg.Path+"-archive", name)
	if _, err := os.Stat(given); err == nil {
		return given
	}
	return filepath.Join(e.store.Path()+"-archive", name)
}

const uuidPrefix = 8 // what a UUID's beginning must have to be meant

func (e *Engine) find(ctx context.Context, ref string) (store.Run, error) {
	id, err := e.resolve(ctx, ref)
	if err != nil {
		return store.Run{}, err
	}
	return e.store.Run(ctx, id)
}

// resolve returns the number of the run that ref means.
func (e *Engine) resolve(ctx context.Context, ref string) (int64, error) {
	if ref == "@last" {
		return e.store.LastID(ctx)
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		row, err := e.store.RunAlone(ctx, id)
		if !errors.Is(err, store.ErrNotFound) {
			return row.ID, err
		}
	}
	ids, err := e.store.KeyIDs(ctx, ref)
	switch {
	case err != nil:
		return 0, err
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) > 1:
		return 0, fmt.Errorf("key %q stands for runs of %d workflows: name one by its number", ref, len(ids))
	case len(ref) < uuidPrefix:
		return 0, store.ErrNotFound
	}
	return e.store.IDByUUID(ctx, strings.ToLower(ref))
}

// HistoryFilter selects events. Zero fields select all.
type HistoryFilter struct {
	Run       int64
	Workflows []string
	Statuses  []Status // of the run now
	Kinds     []string
	Step      string
	Since     time.Time // at or after
	Until     time.Time // before
	Failures  bool      // only events with an error
	After     int64     // only events after this one; the last one of a page gives the next page
	Limit     int       // 0 means 1,000, which is also the most
}

// Event is a row of the history: something that happened to a run, and was committed.
type Event struct {
	ID       int64 // order of commit in this file
	Run      int64
	Seq      int64 // counts the run's events, from 1
	Time     time.Time
	Kind     string
	Step     string
	Next     string
	Visit    int
	Attempt  int
	Duration time.Duration // -1 if nothing was timed
	Error    string
	Detail   json.RawMessage // an object: state (short form), stack, by, reason, …
	Hash     []byte
	Workflow string
	Worker   Worker // zero if no worker did it
}

// History returns a page of events, oldest first. Resume never reads them: they are for audits.
// HistoryPages is faster for many pages of one run.
func (e *Engine) History(ctx context.Context, f HistoryFilter) ([]Event, error) {
	rows, err := e.store.History(ctx, f.store())
	if err != nil {
		return nil, f.missing(err)
	}
	return eventsOf(rows), nil
}

// HistoryPages returns the events page by page, oldest first. No transaction is open while the caller
// works on a page. An error is the last thing that it yields.
func (e *Engine) HistoryPages(ctx context.Context, f HistoryFilter) iter.Seq2[[]Event, error] {
	return func(yield func([]Event, error) bool) {
		for rows, err := range e.store.HistoryPages(ctx, f.store()) {
			if err != nil {
				err = f.missing(err)
			}
			if !yield(eventsOf(rows), err) {
				return
			}
		}
	}
}

func (f *HistoryFilter) store() store.HistoryFilter {
	return store.HistoryFilter{
		Run: f.Run, Workflows: f.Workflows, Statuses: texts(f.Statuses), Kinds: f.Kinds, Step: f.Step,
		SinceUS: micros(f.Since), UntilUS: micros(f.Until), FailuresOnly: f.Failures, AfterID: f.After, Limit: limit(f.Limit),
	}
}

func (f *HistoryFilter) missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("run %d: %w", f.Run, ErrRunNotFound)
	}
	return err
}

func eventsOf(rows []store.HistoryRow) []Event {
	list := make([]Event, len(rows))
	for i := range rows {
		list[i] = eventOf(&rows[i])
	}
	return list
}

func eventOf(r *store.HistoryRow) Event {
	ev := Event{
		ID: r.ID, Run: r.Run, Seq: r.Seq, Time: timeOf(r.TimeUS), Kind: r.Kind, Step: r.Step, Next: r.Next,
		Visit: int(r.Visit), Attempt: int(r.Attempt), Duration: -1, Error: r.Error, Hash: r.Hash, Workflow: r.Workflow,
		Worker: Worker{ID: r.Worker, Host: r.Host, PID: int(r.PID), Program: r.Program, Version: r.Version},
	}
	if r.DurationUS >= 0 {
		ev.Duration = microseconds(r.DurationUS)
	}
	if r.Detail != "" {
		ev.Detail = json.RawMessage(r.Detail)
	}
	return ev
}

// StateVersion is a checkpoint that is kept.
type StateVersion struct {
	Seq      int64 // of the event that committed it; of the current one without a copy, of the run's newest event
	Time     time.Time
	Step     string
	Visit    int
	Current  bool          // the one from which the run resumes
	Kept     []string      // why it is kept: last, spaced, or best with the metric and its value; none of the current one without a copy
	Active   time.Duration // spent in steps until then
	Progress Progress      // at that point
	Bad      string        // why it would not be used
	Size     int           // in bytes, as stored; 0 if it cannot be read
	Stored   Payload       // the state as it is stored
	State    json.RawMessage
	Brief    string
}

// States returns the kept checkpoints of a run, oldest first; the last one is the current one. There
// are none once the run has completed, unless it was started with KeepAll.
func (e *Engine) States(ctx context.Context, id int64) ([]StateVersion, error) {
	row, err := e.row(ctx, id)
	if err != nil {
		return nil, err
	}
	kept, err := e.kept(ctx, &row)
	if err != nil {
		return nil, err
	}
	list := make([]StateVersion, len(kept))
	why := reasons(&row, kept)
	for i := range kept {
		list[i] = e.stateVersion(&row, &kept[i])
		list[i].Kept = why[i]
		list[i].Current = len(row.Checkpoint.State.Data) > 0 && i == len(kept)-1
	}
	return list, nil
}

func (e *Engine) stateVersion(row *store.Run, c *store.Copy) StateVersion {
	v := versionOf(c)
	shown := *row
	shown.Checkpoint = c.Checkpoint
	run := e.runOf(&shown)
	v.State, v.Brief = run.State, run.Brief
	return v
}

// versionOf is what is known of a checkpoint without decoding its state.
func versionOf(c *store.Copy) StateVersion {
	v := StateVersion{Seq: c.Seq, Time: timeOf(c.TimeUS), Step: c.Step, Visit: int(c.Visit), Bad: c.Bad,
		Active: microseconds(c.ActiveUS), Progress: Progress{c.Done, c.Total}}
	if c.Checkpoint.Fault == "" {
		v.Size, v.Stored = len(c.Checkpoint.State.Data), Payload(c.Checkpoint.State)
	}
	if fault := checkpointFault(c.Checkpoint); fault != nil && v.Bad == "" {
		v.Bad = fault.Error()
	}
	return v
}

func limit(n int) int {
	if n <= 0 || n > pageSize {
		return pageSize
	}
	return n
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func texts(statuses []Status) []string {
	var list []string
	for _, s := range statuses {
		list = append(list, string(s))
	}
	return list
}
