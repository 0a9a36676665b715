package store

import "fmt"

// late reports whether a run that may still fail for it has passed its deadline.
func (b *batch) late(run *Run) bool {
	return run.DeadlineUS != 0 && run.DeadlineUS <= b.wall && run.Ending == ""
}

// own changes run as the claim changes its row, and returns the parameters of claim_update.sql. A run whose time has come
// goes on where its wait says. One that has been started before, or has waited, gets a history row that tells of the
// change of owner.
func (b *batch) own(run *Run, worker int64) (row []any, audit []History, err error) {
	was := *run
	h := b.open(run)
	run.Status, run.Owner, run.DueUS, run.Rank, run.UpdatedUS = "running", worker, 0, begunRank, b.now
	run.Epoch++
	if run.Ending != "" {
		run.Status = "compensating" // an undo step counts its own attempts
	} else {
		run.Attempt++
	}
	if was.StartedUS == 0 {
		run.StartedUS = b.now
	}
	if was.StartedUS != 0 || was.Status != "pending" {
		at := lease{seq: was.Seq, head: was.HeadHistory, hash: was.HeadHash}
		h.Visit, h.Attempt, h.Worker = run.Visit, run.Attempt, worker
		if err := b.extend(run.ID, run.UUID, &at, &h); err != nil {
			return nil, nil, err
		}
		audit = []History{h}
		run.Seq, run.HeadHistory, run.HeadHash = at.seq, at.head, at.hash
	}
	row = []any{
		run.ID, was.Epoch, was.Seq, was.Status, run.Status, worker, run.Step, run.Fingerprint, run.Attempt, nullText(run.Wait),
		nullText(run.Reason), b.now, run.Seq, run.HeadHistory, run.HeadHash,
	}
	return row, audit, nil
}

// open ends the wait of a run that is claimed: it takes the way on that its due time opens, if that has come. One whose deadline
// has passed fails where it is. A wait that does not decode stays, and its owner blocks the run. It begins the history row of
// the claim.
func (b *batch) open(run *Run) History {
	h := History{Kind: "claimed", Step: run.Step, DurationUS: -1}
	detail := fmt.Sprintf(`"was":%q,"deaths":%d`, run.Status, run.Deaths)
	wait, err := run.Waits()
	if err == nil && run.Wait != "" {
		detail += fmt.Sprintf(`,"waited":%q`, wait.Kind)
		if door := wait.Else; door != nil && run.DueUS != 0 && run.DueUS <= b.wall && !b.late(run) {
			run.Step, run.Fingerprint = door.Step, door.Fingerprint
			h.Next = door.Step
		}
		if !b.late(run) || !wait.leadsOn() { // else it tells that the run has not come to its step
			run.Wait = ""
		}
		if wait.Kind != WaitRetry {
			run.Reason = ""
		}
	}
	if b.late(run) {
		detail += `,"deadline":true`
	}
	h.Detail = "{" + detail + "}"
	return h
}
