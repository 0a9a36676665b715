package engine_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine"
)

// op is an instruction of a small program that a run interprets.
type op struct {
	Do    string        `json:"do"`
	For   time.Duration `json:"for,omitempty"` // of sleep; of await and kids, Within, if it is not 0
	On    []string      `json:"on,omitempty"`  // signals that await waits for
	Kids  [][]op        `json:"kids,omitempty"`
	Limit int           `json:"limit,omitempty"`
	Fast  bool          `json:"fast,omitempty"`
	To    int64         `json:"to,omitempty"` // of send
}

// tale is the state of a run that interprets a program.
type tale struct {
	Prog []op     `json:"prog"`
	PC   int      `json:"pc"`
	Log  []string `json:"log"`
}

// told is what the model knows of a run.
type told struct {
	tale
	id       int64
	status   engine.Status
	step     string
	visit    int
	attempt  int
	wait     string // kind
	due      time.Time
	otherway string // the step that due opens; "" if that is step
	on       []string
	mail     []letter
	heard    letter // the one that has led to this visit
	keys     map[string]bool
	deadline time.Time
	overdue  bool
	queue    string
	pays     []int // visits that can be undone
	undone   bool

	parent *told
	spawn  int // by which of the parent's spawns it was made
	kids   []*told
	spawns int
	limit  int
	fast   bool
	loose  bool // when it is cancelled depends on who is faster
}

type letter struct {
	Name string
	N    int
}

// story is the model of a file.
type story struct {
	now    time.Time
	runs   []*told
	paused bool // queue q
}

func (s *story) byID(id int64) *told {
	i := slices.IndexFunc(s.runs, func(r *told) bool { return r.id == id })
	return s.runs[i]
}

func (s *story) add(r *told) *told {
	r.keys = map[string]bool{}
	s.runs = append(s.runs, r)
	return r
}

// settle plays all that is due.
func (s *story) settle() {
	for again := true; again; {
		again = false
		for i := 0; i < len(s.runs); i++ { // it grows
			r := s.runs[i]
			switch {
			case s.ready(r):
				s.claim(r)
				again = true
			case s.held(r) && r.status == engine.Waiting && !r.due.IsZero() && !s.now.Before(r.due):
				if r.otherway != "" { // what it has waited for is over; its queue holds it now
					r.step = r.otherway
				}
				r.unwait(engine.Pending)
			}
		}
	}
}

func (s *story) ready(r *told) bool {
	if r.status != engine.Pending && r.status != engine.Waiting {
		return false
	}
	if !r.deadline.IsZero() && !s.now.Before(r.deadline) {
		return true
	}
	return !s.held(r) && (r.status == engine.Pending || !r.due.IsZero() && !s.now.Before(r.due))
}

// held reports whether a queue keeps the run from going on.
func (s *story) held(r *told) bool { return s.paused && r.queue == "q" }

// next is when something is due after now.
func (s *story) next() (at time.Time) {
	for _, r := range s.runs {
		if r.status != engine.Pending && r.status != engine.Waiting {
			continue
		}
		for _, t := range []time.Time{r.due, r.deadline} {
			if t.After(s.now) && (at.IsZero() || t.Before(at)) {
				at = t
			}
		}
	}
	return at
}

// advance lets time pass, from one due time to the next.
func (s *story) advance(d time.Duration) {
	end := s.now.Add(d)
	for t := s.next(); !t.IsZero() && !t.After(end); t = s.next() {
		s.now = t
		s.settle()
	}
	s.now = end
	s.settle()
}

func (s *story) claim(r *told) {
	if !r.deadline.IsZero() && !s.now.Before(r.deadline) {
		r.overdue = true
		s.end(r, engine.Failed)
		return
	}
	if r.status == engine.Waiting && r.otherway != "" {
		r.step = r.otherway
	}
	r.unwait(engine.Running)
	r.attempt++
	for r.status == engine.Running {
		s.play(r)
	}
}

func (r *told) unwait(to engine.Status) {
	r.status, r.wait, r.due, r.otherway, r.on, r.limit, r.fast = to, "", time.Time{}, "", nil, 0, false
}

// enter goes on to another visit, at once.
func (r *told) enter(step string) { r.step, r.visit, r.attempt = step, r.visit+1, 1 }

// hold lets the run wait before its next visit.
func (r *told) hold(kind, step string, due time.Time) {
	r.enter(step)
	r.attempt, r.status, r.wait, r.due = 0, engine.Waiting, kind, due
}

// play is the step functions' twin.
func (s *story) play(r *told) {
	switch r.step {
	case "pay":
		r.pays = append(r.pays, r.visit)
		r.Log = append(r.Log, fmt.Sprint("pay@", r.visit))
		r.enter("do")
	case "hx", "hy", "hm":
		if r.heard.Name != "m" {
			r.Log = append(r.Log, fmt.Sprint(r.heard.Name, r.heard.N))
		}
		r.Log = append(r.Log, r.step)
		r.enter("do")
	case "late":
		r.Log = append(r.Log, "late")
		r.enter("do")
	case "join":
		for _, k := range r.brood() {
			r.Log = append(r.Log, string(k.status))
		}
		r.enter("do")
	case "do":
		s.act(r)
	}
}

// brood is the children that were spawned last.
func (r *told) brood() (list []*told) {
	for _, k := range r.kids {
		if k.spawn == r.spawns {
			list = append(list, k)
		}
	}
	return list
}

func (s *story) act(r *told) {
	if r.PC == len(r.Prog) {
		s.end(r, engine.Completed)
		return
	}
	o := r.Prog[r.PC]
	if r.attempt == 1 && o.Do == "flaky" {
		r.status, r.wait, r.due = engine.Waiting, "retry", s.now.Add(time.Minute)
		return
	}
	if r.attempt == 1 && o.Do == "fragile" || o.Do == "fail" {
		s.end(r, engine.Failed)
		return
	}
	r.PC++
	within := time.Time{}
	if o.For > 0 {
		within = s.now.Add(o.For)
	}
	switch o.Do {
	case "sleep":
		r.hold("timer", "do", within)
	case "later": // pays after a while
		r.hold("timer", "pay", within)
	case "pay":
		r.enter("pay")
	case "send":
		r.enter("do")
		s.deliver(s.byID(o.To), letter{"m", 1}, "")
	case "await":
		r.hold("signal", "h"+o.On[0], within)
		r.on = o.On
		if o.For > 0 {
			r.otherway = "late"
		}
		s.look(r, engine.Running)
	case "kids":
		s.spawn(r, o, within)
	default:
		r.Log = append(r.Log, o.Do)
		r.enter("do")
	}
}

// look takes the oldest letter that a run waits for, if there is one.
func (s *story) look(r *told, to engine.Status) {
	for i, l := range r.mail {
		if r.status == engine.Waiting && slices.Contains(r.on, l.Name) {
			r.mail = slices.Delete(r.mail, i, i+1)
			r.unwait(to)
			r.step, r.attempt = "h"+l.Name, 0
			r.heard = l
			if to == engine.Running {
				r.attempt = 1
			}
			return
		}
	}
}

func (s *story) deliver(r *told, l letter, key string) {
	if r.status.Ended() || key != "" && r.keys[l.Name+key] {
		return
	}
	r.keys[l.Name+key] = true
	r.mail = append(r.mail, l)
	s.look(r, engine.Pending)
}

func (s *story) spawn(r *told, o op, within time.Time) {
	r.hold("children", "join", within)
	r.limit, r.fast = o.Limit, o.Fast
	if o.For > 0 {
		r.otherway = "late"
	}
	r.spawns++
	for i, prog := range o.Kids {
		k := s.add(&told{tale: tale{Prog: prog}, status: engine.Pending, step: "do", visit: 1, parent: r, spawn: r.spawns, loose: o.Fast || r.loose})
		if o.Limit > 0 && i >= o.Limit {
			k.status, k.wait = engine.Waiting, "limit"
		}
		r.kids = append(r.kids, k)
	}
}

// end ends a run: what it has done is undone, and its family hears of it.
func (s *story) end(r *told, to engine.Status) {
	held := r.wait == "limit"
	r.unwait(to)
	for _, k := range r.kids {
		if !k.status.Ended() {
			s.end(k, engine.Cancelled)
		}
	}
	if to != engine.Completed {
		for _, visit := range slices.Backward(r.pays) {
			r.Log = append(r.Log, fmt.Sprint("refund@", visit))
			r.undone = true
		}
	}
	if r.parent == nil {
		return
	}
	for _, k := range r.siblings() {
		if !held && k.wait == "limit" && k.status == engine.Waiting {
			k.unwait(engine.Pending)
			break
		}
	}
	if p := r.parent; p.status == engine.Waiting && p.spawns == r.spawn {
		s.join(p, to)
	}
}

func (r *told) siblings() (list []*told) {
	for _, k := range r.parent.kids {
		if k.spawn == r.spawn {
			list = append(list, k)
		}
	}
	return list
}

// join lets a parent go on if it has nothing to wait for any more. last is how a child has ended; "" stands
// for whatever they did.
func (s *story) join(p *told, last engine.Status) {
	if p.wait != "children" {
		return
	}
	open, lost := false, last == engine.Failed || last == engine.Cancelled
	for _, k := range p.brood() {
		open = open || !k.status.Ended()
		lost = lost || last == "" && (k.status == engine.Failed || k.status == engine.Cancelled)
	}
	fast := p.fast && lost
	if open && !fast {
		return
	}
	p.unwait(engine.Pending)
	for _, k := range p.kids {
		if fast && !k.status.Ended() {
			s.end(k, engine.Cancelled)
		}
	}
}

// resume lets a run go on that a person has paused.
func (s *story) resume(r *told) {
	switch {
	case r.wait == "retry" || r.wait == "" && r.status == engine.Paused:
		r.unwait(engine.Pending)
	case r.status != engine.Paused:
	case r.wait == "limit": // without its turn, unless that has come in vain meanwhile
		r.status = engine.Waiting
		if !slices.ContainsFunc(r.siblings(), func(k *told) bool { return !k.status.Ended() && k.wait != "limit" }) {
			r.unwait(engine.Pending)
		}
	default:
		r.status = engine.Waiting
		s.look(r, engine.Pending)
		s.join(r, "")
	}
}
