package store

import "context"

// Aside is what a transaction of this process has done to runs other than those it was about: the relatives of a
// run that has ended.
type Aside struct {
	Ended  []int64 // runs that were cancelled
	Wanted bool    // owners of others were asked to stop
}

// OthersWrote reports whether another process may have committed since the last call. It costs next to nothing, so
// whoever was woken need not look for what this process has written itself.
func (s *Store) OthersWrote(ctx context.Context) bool {
	if s.writer == nil {
		return true
	}
	answer := make(chan bool, 1)
	s.writer.ask(answer)
	select {
	case yes := <-answer:
		return yes
	case <-s.writer.stopped:
	case <-ctx.Done():
	}
	return true
}

// ask lets the writer's goroutine answer whether others have written.
func (w *writer) ask(answer chan<- bool) {
	w.mu.Lock()
	w.asked = append(w.asked, answer)
	w.mu.Unlock()
	w.rouse()
}

// answer answers all who have asked. What the connection has committed itself does not change its data version.
func (w *writer) answer() {
	w.mu.Lock()
	asked := w.asked
	w.asked = nil
	w.mu.Unlock()
	if len(asked) == 0 {
		return
	}
	version := dataVersion(w.ctx, w.conn.Conn)
	yes := version == 0 || version != w.heard
	w.heard = version
	for _, answer := range asked {
		answer <- yes
	}
}
