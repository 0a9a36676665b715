package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// The kinds of lane.
const (
	laneFree  = "free"  // runs that no limit holds up: see claim_free.sql
	laneDue   = "due"   // runs that wait for a time that has come
	laneQueue = "queue" // pending runs of a queue
)

// lane is a source of runs to claim: a row of claim_lanes.sql.
type lane struct {
	Kind  string `db:"kind"`
	Queue string `db:"queue"`
	Head  int64  `db:"head"`  // of a queue: the highest priority that is pending
	Begun bool   `db:"begun"` // of a queue with a rate: runs that have begun before are pending
}

// open reports whether something can be claimed from the lane. q is its queue's row, nil if it has none.
func (l *lane) open(q *Queue, nowUS int64) bool {
	return l.Kind != laneQueue || q == nil || q.Admits(l.Begun, nowUS)
}

// Claimable reports whether there is a run of these workflows to claim. It only reads, but as a claim it
// returns ErrGone if nothing can be written any more.
func (s *Store) Claimable(ctx context.Context, workflows []string, nowUS int64) (bool, error) {
	if s.writer != nil && s.writer.gone.Load() {
		return false, &Error{Path: s.path, Kind: ErrGone}
	}
	lanes, err := list[lane](ctx, s, "claimable runs", queries.ClaimLanes,
		sql.Named("workflows", jsonList(workflows)), sql.Named("now_us", nowUS))
	if err != nil || len(lanes) == 0 {
		return false, err
	}
	queues, err := s.limits(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(lanes, func(l lane) bool { return l.open(queues[l.Queue], nowUS) }), nil
}

// BranchClaimable is Claimable for the descendants of a run.
func (s *Store) BranchClaimable(ctx context.Context, root int64, workflows []string, nowUS int64) (bool, error) {
	queues, err := s.limits(ctx)
	if err != nil {
		return false, err
	}
	full, empty := closed(queues, nowUS)
	for _, query := range []string{queries.ClaimFree, queries.ClaimDue, queries.ClaimBranch} {
		args := []any{sql.Named("root", root), sql.Named("workflows", jsonList(workflows)), sql.Named("limit", 1)}
		if query == queries.ClaimBranch {
			args = append(args, sql.Named("full", jsonList(full)), sql.Named("empty", jsonList(empty)))
		} else {
			args = append(args, sql.Named("now_us", nowUS))
		}
		found, err := list[candidate](ctx, s, fmt.Sprintf("claimable runs below run %d", root), query, args...)
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}

// Next is what there is to wait for after a look for runs to claim.
type Next struct {
	DueUS int64 `db:"due_us"` // when to look again by time alone; 0 for never
	Held  bool  `db:"held"`   // runs are pending in a queue that bounds how many execute: look again when one has left it
}

// Next returns what there is to wait for after a time.
func (s *Store) Next(ctx context.Context, afterUS int64) (Next, error) {
	return get[Next](ctx, s, "due time", queries.RunDue, sql.Named("after_us", afterUS))
}

// limits reads the rows of wf_queues, by name.
func (s *Store) limits(ctx context.Context) (map[string]*Queue, error) {
	rows, err := list[Queue](ctx, s, "limits of queues", queries.QueueLimits)
	queues := make(map[string]*Queue, len(rows))
	for i := range rows {
		queues[rows[i].Name] = &rows[i]
	}
	return queues, err
}

// closed returns the queues that have no place, and those of the others in which no run may begin.
func closed(queues map[string]*Queue, nowUS int64) (full, empty []string) {
	full, empty = []string{}, []string{}
	for name, q := range queues {
		switch {
		case q.places() == 0:
			full = append(full, name)
		case q.StartsAt(nowUS) == 0:
			empty = append(empty, name)
		}
	}
	return full, empty
}

// lanes returns what there is to claim, in the order in which it is served: the lane behind the one that was
// served last comes first, so that none has to stand back for another.
func (b *batch) lanes(workflows []string) ([]lane, error) {
	rows, err := b.w.stmts.claimLanes.QueryContext(context.Background(),
		sql.Named("workflows", jsonList(workflows)), sql.Named("now_us", b.wall))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var lanes []lane
	for rows.Next() {
		var l lane
		if err := rows.Scan(&l.Kind, &l.Queue, &l.Head, &l.Begun); err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	next := slices.IndexFunc(lanes, func(l lane) bool { return l.name() > b.w.served })
	if next > 0 {
		lanes = slices.Concat(lanes[next:], lanes[:next])
	}
	return lanes, rows.Err()
}

// name orders lanes: as claim_lanes.sql lists them.
func (l *lane) name() string {
	switch l.Kind {
	case laneFree:
		return "0"
	case laneDue:
		return "1"
	}
	return "2" + l.Queue
}
