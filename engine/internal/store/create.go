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
	insert := &b.w.stmts.runInsert
	rows, events := insert.rows(), make([]History, 0, len(reqs))
	var attributes, undos []any
	named := map[string]bool{} // UUIDs of the runs with keys that are about to be inserted
	for _, r := range reqs {
		r.run = &Run{}
		if r.err = r.fit(b.w.store.files); r.err != nil {
			continue
		}
		if err := b.takeKey(r, named); err != nil {
			return err
		}
		if r.err != nil {
			continue
		}
		first, err := b.newRun(r.run, r.create)
		if err != nil {
			return err
		}
		r.create.Lease.begin(r.run)
		b.seen.create(r.run)
		if b.ends[r.create.Lease] && r.run.Owner != 0 {
			b.await(r.create.Lease, newborn{r.run, first})
		} else {
			rows, events = appendRun(rows, r.run), append(events, first)
		}
		if r.create.Undo {
			undos = appendUndos(undos, r.run.ID, []Undo{{Visit: r.run.Visit, Step: r.run.Step, State: "open"}})
		}
		if attributes, err = b.appendAttributes(attributes, r.run.ID, r.create.Attributes); err != nil {
			return err
		}
	}
	if _, err := insert.exec(rows); err != nil {
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
	if _, err := b.w.stmts.undoPut.exec(undos); err != nil {
		return err
	}
	return b.insertHistory(events)
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

// newRun makes run the one that c asks for, and returns the first row of its history.
func (b *batch) newRun(run *Run, c *Create) (History, error) {
	*run = c.Run
	b.lastRun++
	run.ID = b.lastRun
	if run.DueUS != 0 || run.Wait != "" {
		run.Owner = 0
	}
	if err := b.enter(run, c.Yield); err != nil {
		return History{}, err
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
	run.Copies = noCopies
	run.Done, run.Total = -1, -1
	at := lease{hash: make([]byte, sha256.Size)}
	first := c.History
	if c.Yield && run.Owner == 0 {
		first.Worker = 0
	}
	err := b.extend(run.ID, run.UUID, &at, &first)
	run.Seq, run.FirstHistory, run.HeadHistory, run.HeadHash = first.Seq, first.ID, first.ID, first.Hash
	return first, err
}

// appendRun appends the parameters of run_insert.sql.
func appendRun(args []any, r *Run) []any {
	cp := &r.Checkpoint
	return append(args,
		r.ID, r.UUID, r.Workflow, r.Version, r.Fingerprint, nullText(r.Key), r.Status, r.Step, r.Visit, r.Attempt, r.Epoch, nullInt(r.Owner),
		nullInt(r.DueUS), nullText(r.Wait), nullInt(r.DeadlineUS), r.Queue, r.Priority, nullText(r.FairKey), r.Rank,
		nullInt(r.Parent), nullInt(r.ParentVisit), place(r), nullInt(r.Root), nullInt(r.Schedule), nullInt(r.ScheduledUS), r.CreatedUS, nullInt(r.StartedUS), r.UpdatedUS, r.FirstHistory, r.HeadHistory, r.HeadHash, r.Keep,
		nullText(r.Policy), nullText(r.Preserve), r.Seed, r.CopiedUS,
		cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column(),
	)
}

// place is a child's place among its siblings; NULL for a run that nobody spawned.
func place(r *Run) any {
	if r.Parent == 0 {
		return nil
	}
	return r.Place
}
