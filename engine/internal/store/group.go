package store

// Group is what the writer is to get at once, so that one commit takes it all if it can: changes of one lease, in
// their order, and before them the run. It is not safe for concurrent use. The zero Group is empty.
type Group struct{ reqs []*request }

// Change adds a change; done is as with Submit.
func (g *Group) Change(c *Change, done func(error)) {
	g.reqs = append(g.reqs, &request{change: c, done: done})
}

// Create adds a run, whose state must not be over 1 MiB. done is called as that of Submit, with the run as it is
// then.
func (g *Group) Create(c *Create, done func(Run, error)) {
	r := &request{create: c}
	r.done = func(err error) { done(r.run, err) }
	g.reqs = append(g.reqs, r)
}

// SubmitGroup is Submit for all that is in a group.
func (s *Store) SubmitGroup(g *Group) {
	if s.writer == nil {
		for _, r := range g.reqs {
			r.done(ErrReadOnly)
		}
		return
	}
	s.hand(g.reqs...)
}
