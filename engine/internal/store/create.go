package store

import (
	"context"
	"crypto/sha256"

	queries "github.com/durable-wf/wf/sql"
)

// create inserts new runs, each with its key and the first row of its chain.
func (b *batch) create(reqs []*request) error {
	if len(reqs) == 0 {
		return nil
	}
	var rows []any
	var history []History
	var attributes, undos []any
	named := map[string]bool{} // UUIDs of the runs with keys that are about to be inserted
	for _, r := range reqs {
		r.run = Run{}
		if r.err = r.fit(b.w.store.files); r.err != nil {
			continue
		}
		if err := b.takeKey(r, named); err != nil {
			return err
		}
		if r.err != nil {
			continue
		}
		run, first, err := b.newRun(r.create)
		if err != nil {
			return err
		}
		r.run = run
		r.create.Lease.begin(&run)
		b.seen.create(&run)
		rows, history = append(rows, runRow(&run)...), append(history, first)
		if r.create.Undo {
			undos = appendUndos(undos, run.ID, []Undo{{Visit: run.Visit, Step: run.Step, State: "open"}})
		}
		if attributes, err = b.appendAttributes(attributes, run.ID, r.create.Attributes); err != nil {
			return err
		}
	}
	if _, err := b.w.stmts.runInsert.exec(context.Background(), rows); err != nil {
		return err
	}
	if err := b.setAttributes(attributes); err != nil {
		return err
	}
	for _, r := range reqs {
		if err := b.enrich(r); err != nil {
			return err
		}
	}
	if _, err := b.w.stmts.undoPut.exec(context.Background(), undos); err != nil {
		return err
	}
	return b.insertHistory(history)
}

// enrich gives a new run what few have: what it inherits, and hooks.
func (b *batch) enrich(r *request) error {
	if r.err != nil {
		return nil
	}
	if r.create.From != nil {
		if err := b.inherit(r.run.ID, r.create.From); err != nil {
			return err
		}
	}
	if !r.create.Hooks {
		return nil
	}
	_, err := b.w.conn.ExecContext(context.Background(), queries.HookOwe, r.run.ID)
	return err
}

// newRun returns the run that c asks for, and the first row of its history.
func (b *batch) newRun(c *Create) (Run, History, error) {
	run := c.Run
	b.lastRun++
	run.ID = b.lastRun
	if run.DueUS != 0 || run.Wait != "" {
		run.Owner = 0
	}
	if err := b.enter(&run, c.Yield); err != nil {
		return Run{}, History{}, err
	}
	run.Status, run.Attempt, run.Epoch, run.StartedUS = "pending", 0, 0, 0
	switch {
	case run.Owner != 0:
		run.Status, run.Attempt, run.Epoch, run.StartedUS = "running", 1, 1, b.now
	case run.DueUS != 0 || run.Wait != "":
		run.Status = "waiting"
	}
	run.Visit = max(run.Visit, 1)
	run.CreatedUS, run.UpdatedUS, run.CopiedUS = b.now, b.now, b.now
	run.Copies = "[]"
	run.Done, run.Total = -1, -1
	at := lease{hash: make([]byte, sha256.Size)}
	first := c.History
	if c.Yield && run.Owner == 0 {
		first.Worker = 0
	}
	err := b.extend(run.ID, run.UUID, &at, &first)
	run.Seq, run.FirstHistory, run.HeadHistory, run.HeadHash = first.Seq, first.ID, first.ID, first.Hash
	return run, first, err
}

// runRow returns the parameters of run_insert.sql.
func runRow(r *Run) []any {
	cp := &r.Checkpoint
	return []any{
		r.ID, r.UUID, r.Workflow, r.Version, r.Fingerprint, nullText(r.Key), r.Status, r.Step, r.Visit, r.Attempt, r.Epoch, nullInt(r.Owner),
		nullInt(r.DueUS), nullText(r.Wait), nullInt(r.DeadlineUS), r.Queue, r.Priority, nullText(r.FairKey), r.Rank,
		nullInt(r.Parent), nullInt(r.ParentVisit), place(r), nullInt(r.Root), nullInt(r.Schedule), nullInt(r.ScheduledUS), r.CreatedUS, nullInt(r.StartedUS), r.UpdatedUS, r.FirstHistory, r.HeadHistory, r.HeadHash, r.Keep,
		nullText(r.Policy), nullText(r.Preserve), r.Seed, r.CopiedUS,
		cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column(),
	}
}

// place is a child's place among its siblings; NULL for a run that nobody spawned.
func place(r *Run) any {
	if r.Parent == 0 {
		return nil
	}
	return r.Place
}
