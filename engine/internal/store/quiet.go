package store

// quiet is what of a run's row stays as it is while the run only goes from step to step. A lease remembers it, so that such
// a transition is written without it. Values are comparable.
type quiet struct {
	version, attempt, failures, deaths, done, total int64
	saves, stallUS, triedUS                         int64
	reason, err, learned                            string
	codec, counters                                 string // of the checkpoint
	random                                          bool   // so has the checkpoint, and it is never the same
	children                                        int64
	bound                                           bool // it has what a run that goes on has not: a wait, a result, an end to come
}

func quietOf(r *Run) (q quiet) {
	q.row(r)
	q.checkpoint(&r.Checkpoint)
	return q
}

// row notes what was written of a row without its checkpoint.
func (q *quiet) row(r *Run) {
	q.version, q.attempt, q.failures, q.deaths, q.done, q.total = r.Version, r.Attempt, r.Failures, r.Deaths, r.Done, r.Total
	q.saves, q.stallUS, q.triedUS = r.Saves, r.StallUS, r.TriedUS
	q.reason, q.err, q.learned, q.children = r.Reason, r.Error, r.Learned, r.Children
	q.bound = r.DueUS != 0 || r.Wait != "" || r.Ending != "" || r.Result.Codec != ""
}

// checkpoint notes what was written of a checkpoint.
func (q *quiet) checkpoint(c *Checkpoint) {
	q.codec, q.counters, q.random = c.State.Codec, c.Counters, len(c.Random) > 0
}
