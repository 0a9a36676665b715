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
	r.done = func(err error) { done(r.made(), err) }
	g.reqs = append(g.reqs, r)
}

// SubmitGroup is Submit for all that is in a group.
func (s *Store) SubmitGroup(g *Group) {
	if s.writer == nil {
		g.refuse()
		return
	}
	s.leave(g.reqs...)
}

// Put is SubmitGroup for one who is going to wait for what is in the group. If it returns true he has the pen: he must
// call Lead at once, without a lock that any request's done takes, and before he waits.
func (s *Store) Put(g *Group) (pen bool) {
	if s.writer == nil {
		g.refuse()
		return false
	}
	return s.hand(g.reqs...)
}

// Lead writes what is queued, on the caller's goroutine. The caller has the pen.
func (s *Store) Lead() { s.writer.lead() }

func (g *Group) refuse() {
	for _, r := range g.reqs {
		r.done(ErrReadOnly)
	}
}
