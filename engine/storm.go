package engine

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// maxDeaths is how many owners may die at one checkpoint before the one before it is taken.
const maxDeaths = 3

// storm is a series of restarts that do not get past a point. The run remembers it until it has.
type storm struct {
	Visit int64 `json:"visit"` // the farthest visit in which owners died
	Done  int64 `json:"done"`  // the farthest progress of a checkpoint at which they died; -1 if none was told
	From  int64 `json:"from"`  // the event whose checkpoint the run has gone back to
}

// past reports whether a checkpoint is behind where owners died. Without progress only the next visit is.
func (s *storm) past(visit, done int64) bool {
	return visit > s.Visit || visit == s.Visit && s.Done >= 0 && done > s.Done
}

// survive takes note of a new checkpoint: deaths before it do not count any more, unless the run has fallen back and
// is still on its way to where its owners died.
func (x *execution) survive(row *store.Run, done int64) {
	if s := x.learned.Storm; s != nil && !s.past(row.Visit, done) {
		return
	}
	row.Deaths, x.learned.Storm = 0, nil
}

// weather does what is to be done about a run whose owners keep dying at its checkpoint. Each third death in a row
// marks the checkpoint as bad and takes an older one than ever before; the deaths between try the same again. When
// none is left, the run is blocked; one that has never had another is tried once more before. Failures marked by
// Suspect are bounded by Retry already, so without an older checkpoint they are repeated as it says.
func (x *execution) weather(ctx context.Context) (bool, error) {
	deaths, s := x.row.Deaths, x.learned.Storm
	if s != nil && deaths%maxDeaths != 0 {
		return x.loadRecords(ctx)
	}
	why := fmt.Errorf("%d owners in a row died at this checkpoint", deaths)
	if x.row.Failures > 0 {
		why = fmt.Errorf("%d attempts in a row have died or failed at this checkpoint", deaths)
	}
	took, err := x.stepBack(ctx, why)
	switch {
	case took || err != nil:
		return took, err
	case s == nil && (deaths == maxDeaths || deaths-x.row.Failures < maxDeaths):
		return x.loadRecords(ctx)
	}
	return false, x.block(ctx, fmt.Errorf("%w: mend the cause, then resume it", why))
}

// stepBack commits the newest good copy that is older than what the run has gone back to before, and marks as bad
// the checkpoint at which the owners died. It reports whether there is such a copy.
func (x *execution) stepBack(ctx context.Context, why error) (bool, error) {
	copies, err := x.eng.store.Copies(ctx, x.row.ID)
	if err != nil {
		return false, fmt.Errorf("run %d: older checkpoints: %w", x.row.ID, err)
	}
	now := storm{Visit: x.row.Visit, Done: x.row.Done, From: x.row.Seq}
	if s := x.learned.Storm; s != nil {
		now = storm{Visit: max(s.Visit, now.Visit), Done: max(s.Done, now.Done), From: s.From}
	}
	bad := &store.Spoilt{Why: why.Error(), Row: &x.row}
	var to *store.Copy
	for i := range copies {
		switch c := &copies[i]; {
		case c.Visit == x.row.Visit && same(c.Checkpoint, x.row.Checkpoint):
			bad.Row = nil
			bad.Copies = append(bad.Copies, c.ID)
		case c.Seq == now.From:
			bad.Copies = append(bad.Copies, c.ID) // gone back to in vain
		case c.Seq < now.From && c.Bad == "" && checkpointFault(c.Checkpoint) == nil:
			to = c // the newest is the last
		}
	}
	if to == nil {
		return false, nil
	}
	now.From = to.Seq
	x.learned.Storm = &now
	if bad.Row != nil {
		was := x.row
		bad.Row = &was
	}
	return true, x.commitCopy(ctx, why, to, bad)
}
