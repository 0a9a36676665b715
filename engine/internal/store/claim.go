package store

import (
	"context"
	"database/sql"
	"fmt"
)

// claim gives runs to the worker that asks for them.
func (b *batch) claim(r *request) error {
	r.runs = nil
	runs, err := b.candidates(r.claim)
	if err != nil || len(runs) == 0 {
		return err
	}
	var rows []any
	var history []History
	for i := range runs {
		row, audit, err := b.own(&runs[i], r.claim.Worker)
		if err != nil {
			return err
		}
		rows, history = append(rows, row...), append(history, audit...)
	}
	given := 0
	if err := b.w.stmts.claimUpdate.query(context.Background(), rows, func(*sql.Rows) error { given++; return nil }); err != nil {
		return err
	}
	if given != len(runs) { // they were read in this transaction
		return fmt.Errorf("claimed %d of %d runs", given, len(runs))
	}
	r.runs = runs
	return b.insertHistory(history)
}

// candidates reads the runs that can be claimed.
func (b *batch) candidates(c *Claim) ([]Run, error) {
	stmt := b.w.stmts.claimPending
	args := []any{sql.Named("workflows", jsonList(c.Workflows)), sql.Named("limit", c.Limit), sql.Named("now_us", b.wall)}
	if c.IDs != nil {
		stmt = b.w.stmts.claimNamed
		args = append(args, sql.Named("ids", jsonList(c.IDs)), sql.Named("statuses", jsonList(c.Statuses)))
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	return scanRuns(rows)
}

// own changes run as the claim changes its row, and returns the parameters of claim_update.sql. A run
// that has been started before gets a history row that tells of the change of owner.
func (b *batch) own(run *Run, worker int64) (row []any, audit []History, err error) {
	was := *run
	run.Status, run.Owner, run.DueUS, run.UpdatedUS = "running", worker, 0, b.now
	run.Epoch++
	run.Attempt++
	if was.StartedUS == 0 {
		run.StartedUS = b.now
	} else {
		detail := fmt.Sprintf(`{"was":%q,"deaths":%d}`, was.Status, was.Deaths)
		at := lease{seq: was.Seq, head: was.HeadHistory, hash: was.HeadHash}
		h, err := b.extend(run.ID, run.UUID, &at, History{
			Kind: "claimed", Step: run.Step, Visit: run.Visit, Attempt: run.Attempt, DurationUS: -1, Worker: worker, Detail: detail,
		})
		if err != nil {
			return nil, nil, err
		}
		audit = []History{h}
		run.Seq, run.HeadHistory, run.HeadHash = at.seq, at.head, at.hash
	}
	row = []any{run.ID, was.Epoch, was.Seq, was.Status, worker, b.now, run.Seq, run.HeadHistory, run.HeadHash}
	return row, audit, nil
}
