package engine

import "sync"

// tidings tells the observer of a run's steps, in order: at once, or, of what comes after a transition that is not
// committed yet, once it is. An engine whose observer wants no steps has none.
type tidings struct {
	made int64 // transitions that were not waited for; the run's goroutine's

	mu     sync.Mutex // guards what follows, and is held while something is told, which keeps the order
	landed int64      // of made, those that are committed
	queue  []tiding
	begun  bool // a step was told to have begun, and not yet to have ended
	silent bool // the rest will never be committed: of steps that were not told to have begun nothing is said
}

// tiding is the beginning or the end of an attempt. The error says why what it came to was never committed.
type tiding struct {
	after int64 // this many of the transitions made
	ends  bool
	tell  func(error)
}

// tell tells it as soon as it may be known.
func (t *tidings) tell(ends bool, tell func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := tiding{t.made, ends, tell}
	switch {
	case t.silent && !ends:
	case t.silent, len(t.queue) == 0 && t.landed >= t.made:
		t.say(news, nil)
	default:
		t.queue = append(t.queue, news)
	}
}

// land takes note of what became of the next moves transitions.
func (t *tidings) land(moves int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.landed += int64(moves)
	n := 0
	for ; n < len(t.queue) && t.queue[n].after <= t.landed && (err == nil || n == 0 && t.begun); n++ {
		t.say(t.queue[n], err)
	}
	if t.queue = t.queue[n:]; err != nil {
		t.queue, t.silent = nil, true
	}
}

// say tells it, unless it is the end of a step that was not told to have begun. The caller holds mu.
func (t *tidings) say(news tiding, err error) {
	if news.ends == t.begun {
		t.begun = !news.ends
		news.tell(err)
	}
}
