package store

import (
	"fmt"
	"runtime/debug"
)

// The pen is the right to write: one at a time has it. Whoever waits for his request takes it if nobody has it, and
// commits on his own goroutine what is queued, so that a lone request is written without a change of goroutine. What is
// left, or has come meanwhile, he leaves to the writer's goroutine, which goes on as long as there is anything; so do
// those who do not wait. Requests are taken in the order of the queue, whoever writes.

// grasp takes the pen, unless somebody has it: he will look at the queue before he puts it down. The caller holds mu.
func (w *writer) grasp() bool {
	free := !w.writing
	w.writing = true
	return free
}

// hand gives the pen, which the caller has, to the goroutine.
func (w *writer) hand() { w.pen <- struct{}{} }

// rouse lets the goroutine look at what there is to do.
func (w *writer) rouse() {
	w.mu.Lock()
	w.roused = true
	free := w.grasp()
	w.mu.Unlock()
	if free {
		w.hand()
	}
}

// lead writes a batch of what is queued, on the goroutine of the caller, who has the pen.
func (w *writer) lead() {
	whole := false
	defer func() {
		if !whole {
			endProgram(recover())
		}
	}()
	w.write(w.take())
	w.count()
	long := w.logWaits()
	w.mu.Lock()
	more := long || w.roused || len(w.queue) > 0
	w.writing = more
	w.mu.Unlock()
	if more {
		w.hand()
	}
	whole = true
}

// endProgram does on the goroutine of a caller, who may be one that recovers, what a panic does on the writer's own: a
// writer that has stopped in the middle must not be waited for. p is nil if the goroutine is being ended instead.
func endProgram(p any) {
	if p == nil {
		p = "the goroutine that writes was ended by runtime.Goexit"
	}
	text := fmt.Sprintf("%v\n\n%s", p, debug.Stack())
	go func() { panic(text) }()
	select {}
}

// loop is the writer's goroutine.
func (w *writer) loop() {
	defer close(w.stopped)
	for range w.pen {
		for more := true; more; more = w.goesOn() {
			w.write(w.take())
			w.checkpoint()
			w.answer()
		}
	}
}

// goesOn reports whether the goroutine has more to do. If not, it puts the pen down: for good if the store is closed and
// nothing can come any more.
func (w *writer) goesOn() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	more := w.roused || len(w.queue) > 0
	w.roused, w.writing = false, more
	if !more && w.closing && w.coming == 0 {
		w.writing = true
		close(w.pen)
	}
	return more
}

// write commits a batch.
func (w *writer) write(batch []*request) {
	if len(batch) == 0 {
		return // all of it was withdrawn
	}
	done := w.store.clock.Work()
	w.run(batch)
	done()
}
