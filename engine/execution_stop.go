package engine

// enter makes an attempt the newest one. It returns why it has to stop at once; nil if it need not.
func (x *execution) enter(w *watchdog) (cause error) {
	x.reason.Lock()
	defer x.reason.Unlock()
	x.current = w
	return x.cause
}

// cancel lets no further attempt begin here, and tells the one under way to stop. The first cause counts. It does not block.
func (x *execution) cancel(cause error) {
	x.reason.Lock()
	if x.cause == nil {
		x.cause = cause
	}
	w, cause := x.current, x.cause
	x.reason.Unlock()
	if w != nil {
		w.stop(cause)
	}
}

// stopped is why the run must not go on here; nil if it may.
func (x *execution) stopped() error {
	x.reason.Lock()
	defer x.reason.Unlock()
	return x.cause
}

// relieved reports whether a goroutine has gone on with the run in place of the one that drove it.
func (x *execution) relieved() bool {
	x.reason.Lock()
	defer x.reason.Unlock()
	return x.current != nil && x.current.phase.Load() == abandoned
}

// stop tells the step to stop in order.
func (x *execution) stop(cause error) {
	x.halting.tell()
	x.cancel(cause)
}

// want stops the step because a person has asked for it, in the words of said. It must not block.
func (x *execution) want(want, said string) {
	switch want {
	case "pause":
		x.stop(ErrPaused)
	case "cancel":
		x.stop(ErrCancelled)
		if said == "" { // who has asked, and how patient they are, is heard later
			return
		}
		grace := int64(graceOf(said, x.eng.cfg.Grace))
		if was := x.mercy.Swap(grace); x.condemned.Swap(true) && was == grace {
			return
		}
		select {
		case x.hurry <- struct{}{}:
		default: // it is being looked at
		}
	}
}
