package statefile

import (
	"errors"

	"github.com/fsnotify/fsnotify"
)

// Watcher tells that files of a set may have changed. Where the operating system does not tell (a network
// file system, too many watches, folders that appear later) it is silent, so look now and then, too.
type Watcher struct {
	C    <-chan struct{} // receives, once for any number of changes
	w    *fsnotify.Watcher
	done chan struct{} // closed when the goroutine has ended
}

// Watch begins to watch. The caller closes the watcher. It never fails: see Watcher.
func (s *Set) Watch() *Watcher {
	c, done := make(chan struct{}, 1), make(chan struct{})
	watcher := &Watcher{C: c, done: done}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		close(done)
		return watcher
	}
	watcher.w = w
	for _, dir := range s.Folders() {
		_ = w.Add(dir) // it may not be there; see Watcher
	}
	go func() { // ends with Close
		defer close(done)
		for {
			select {
			case event, ok := <-w.Events:
				if !ok {
					return
				}
				if event.Op == fsnotify.Chmod || !s.Has(event.Name) {
					continue
				}
			case err, ok := <-w.Errors:
				if !ok {
					return
				}
				if !errors.Is(err, fsnotify.ErrEventOverflow) {
					continue
				}
			}
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}()
	return watcher
}

// Close ends the watch.
func (w *Watcher) Close() error {
	if w.w == nil {
		return nil
	}
	err := w.w.Close()
	<-w.done
	return err
}
