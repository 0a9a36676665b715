package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// ErrAmbiguous says that a UUID prefix fits several runs, or a key stands for runs of several workflows.
var ErrAmbiguous = errors.New("ambiguous")

// Want is what somebody wants of a run that a worker owns.
type Want struct {
	Run    int64  `db:"run"`
	Want   string `db:"want"`
	Detail string `db:"detail"` // JSON
}

// Pruned is what is left of a run that was pruned or archived.
type Pruned struct {
	UUID     string `db:"uuid"`
	Run      int64  `db:"run"`
	HeadHash []byte `db:"head_hash"`
	Seq      int64  `db:"seq"`
	PrunedUS int64  `db:"pruned_us"`
	Archive  string `db:"archive"` // name of the archive file; "" if the run was deleted for good
}

// Run returns a run by its id, or ErrNotFound.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	for first := true; ; first = false {
		run, err := get[Run](ctx, s, fmt.Sprintf("run %d", id), queries.RunGet, sql.Named("id", id))
		if err != nil || s.loadRun(&run) || !first {
			return run, err
		} // else a file may have been collected since the row was read: then the row has changed
	}
}

// RunAlone is Run, but reads no files: a payload that is in some keeps the codec that says so, without a fault.
func (s *Store) RunAlone(ctx context.Context, id int64) (Run, error) {
	return get[Run](ctx, s, fmt.Sprintf("run %d", id), queries.RunGet, sql.Named("id", id))
}

// RunOutline is Run, but leaves out a state that is in files, and tells its short form as the history has it.
func (s *Store) RunOutline(ctx context.Context, id int64) (run Run, brief string, err error) {
	for first := true; ; first = false {
		run, err = s.RunAlone(ctx, id)
		if err != nil {
			return run, "", err
		}
		if run.Checkpoint.State.inFile() {
			run.Checkpoint.State.Data = nil
			brief, err = s.brief(ctx, id)
		}
		if err != nil || s.loadRun(&run) || !first {
			return run, brief, err
		} // as in Run
	}
}

// brief is the short form of a run's newest state in its history, "" if it has none.
func (s *Store) brief(ctx context.Context, run int64) (string, error) {
	texts, err := list[string](ctx, s, fmt.Sprintf("history of run %d", run), queries.HistoryBrief, sql.Named("run", run))
	if len(texts) == 0 {
		return "", err
	}
	return texts[0], err
}

// RunByUUID returns the run whose UUID begins with prefix, in either case. It returns ErrNotFound if
// there is none and ErrAmbiguous if there are several.
func (s *Store) RunByUUID(ctx context.Context, prefix string) (Run, error) {
	id, err := s.IDByUUID(ctx, prefix)
	if err != nil {
		return Run{}, err
	}
	return s.Run(ctx, id)
}

// IDByUUID is RunByUUID for the run's id.
func (s *Store) IDByUUID(ctx context.Context, prefix string) (int64, error) {
	what := fmt.Sprintf("run with UUID %q", prefix)
	if prefix == "" { // would fit any
		return 0, fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	ids, err := list[int64](ctx, s, what, queries.RunByUUID, sql.Named("prefix", strings.ToLower(prefix)))
	if err != nil {
		return 0, err
	}
	switch len(ids) {
	case 0:
		return 0, fmt.Errorf("%s: %w", what, ErrNotFound)
	case 1:
		return ids[0], nil
	}
	return 0, fmt.Errorf("%s: %w: fits runs %d and %d", what, ErrAmbiguous, ids[0], ids[1])
}

// RunByKey returns the run that a workflow's idempotency key stands for. It returns ErrNotFound if
// the key is free, or if the run was pruned and only its key is left.
func (s *Store) RunByKey(ctx context.Context, workflow, key string) (Run, error) {
	what := fmt.Sprintf("run of workflow %q with key %q", workflow, key)
	id, err := get[int64](ctx, s, what, queries.RunByKey, sql.Named("workflow", workflow), sql.Named("key", key))
	if err != nil {
		return Run{}, err
	}
	return s.Run(ctx, id)
}

// KeyIDs returns the ids of the runs that a key stands for, one per workflow that uses it; none if it is free.
func (s *Store) KeyIDs(ctx context.Context, key string) ([]int64, error) {
	return list[int64](ctx, s, fmt.Sprintf("runs with key %q", key), queries.RunByKeyAny, sql.Named("key", key))
}

// LastID returns the id of the run that was created last, children apart, or ErrNotFound if there are none.
func (s *Store) LastID(ctx context.Context) (int64, error) {
	return get[int64](ctx, s, "last run", queries.RunNewest)
}

// pageLimit returns how many rows a page may have.
func pageLimit(limit int) int {
	if limit <= 0 || limit > pageRows {
		return pageRows
	}
	return limit
}

// Copies returns the older checkpoints that a run keeps, oldest first, the bad ones too.
func (s *Store) Copies(ctx context.Context, run int64) ([]Copy, error) {
	copies, err := s.CopiesAlone(ctx, run)
	for i := range copies {
		s.LoadCopy(&copies[i])
	}
	return copies, err
}

// CopiesAlone is Copies, but reads no files: all copies of a large state together may be more than fits into memory.
func (s *Store) CopiesAlone(ctx context.Context, run int64) ([]Copy, error) {
	return list[Copy](ctx, s, fmt.Sprintf("checkpoints of run %d", run), queries.CheckpointList, sql.Named("run", run))
}

// LoadCopy reads what of a copy is in files, or says in its Fault why not.
func (s *Store) LoadCopy(c *Copy) { c.Checkpoint.Fault = s.load(&c.Checkpoint.State) }

// Calls returns the recorded calls of a visit that no checkpoint covers yet, in the order in which
// they were made; of all visits if visit is 0.
func (s *Store) Calls(ctx context.Context, run, visit int64) ([]Call, error) {
	calls, err := list[Call](ctx, s, fmt.Sprintf("calls of run %d", run), queries.CallList, sql.Named("run", run), sql.Named("visit", visit))
	for i := range calls {
		calls[i].Fault = s.load(&calls[i].Value)
	}
	return calls, err
}

// Wants returns what others want of the runs that a worker owns.
func (s *Store) Wants(ctx context.Context, worker int64) ([]Want, error) {
	return list[Want](ctx, s, fmt.Sprintf("wants of worker %d", worker), queries.RunWants, sql.Named("worker", worker))
}

// DueUS returns when to look for runs to claim after a time, as far as time alone brings them; 0 if never.
func (s *Store) DueUS(ctx context.Context, afterUS int64) (int64, error) {
	next, err := s.Next(ctx, afterUS)
	return next.DueUS, err
}

// Ended returns those of some runs that have ended or are gone.
func (s *Store) Ended(ctx context.Context, runs []int64) ([]int64, error) {
	return list[int64](ctx, s, "runs that have ended", queries.RunEnded, sql.Named("ids", jsonList(runs)))
}

// Counts returns how many runs there are of each status that occurs.
func (s *Store) Counts(ctx context.Context) (map[string]int64, error) {
	type count struct {
		Status string `db:"status"`
		N      int64  `db:"n"`
	}
	rows, err := list[count](ctx, s, "counts", queries.RunCounts)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64, len(rows))
	for _, row := range rows {
		counts[row.Status] = row.N
	}
	return counts, nil
}

// Pruned returns what is left of a run that was pruned or archived, by its number, its key or the
// beginning of its UUID (at least 8 characters), or ErrNotFound.
func (s *Store) Pruned(ctx context.Context, ref string) (Pruned, error) {
	number, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		number = 0 // which no run has
	}
	return get[Pruned](ctx, s, fmt.Sprintf("pruned run %q", ref), queries.PrunedGet, sql.Named("ref", ref), sql.Named("number", number))
}

// Children returns a page of the children that a run has spawned last, in the order of their places, from
// the one behind place after.
func (s *Store) Children(ctx context.Context, parent, after int64, limit int) ([]Run, error) {
	runs, err := list[Run](ctx, s, fmt.Sprintf("children of run %d", parent), queries.ChildList,
		sql.Named("parent", parent), sql.Named("after", after), sql.Named("limit", limit))
	for i := range runs {
		s.loadRun(&runs[i])
	}
	return runs, err
}

// ChildCounts counts the children that a run has spawned last.
type ChildCounts struct {
	Total     int64 `db:"total"`
	Ended     int64 `db:"ended"`
	Lost      int64 `db:"lost"`       // of those that have ended: failed or cancelled
	FirstOpen int64 `db:"first_open"` // the first that has not ended; 0 if all have
}

// ChildCounts counts the children that a run has spawned last.
func (s *Store) ChildCounts(ctx context.Context, parent int64) (ChildCounts, error) {
	return get[ChildCounts](ctx, s, fmt.Sprintf("children of run %d", parent), queries.ChildCounts, sql.Named("parent", parent))
}
