package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/durable-wf/wf/engine"
)

// eventSource reads the events of one file in the order in which they were committed.
type eventSource struct {
	eng     *engine.Engine
	filter  engine.HistoryFilter
	archive string // the path, of an archive file

	page []engine.Event
	next func() ([]engine.Event, error, bool) // the next page; nil before the first
	stop func()                               // of next
	last bool                                 // nothing follows the page
}

// ended reports whether no event can follow: the source is of one run, and that has ended.
func (s *eventSource) ended(ctx context.Context) (bool, error) {
	if s.filter.Run == 0 {
		return false, nil
	}
	run, err := s.eng.Get(ctx, s.filter.Run)
	return run.Status.Ended(), err
}

// peek returns the next event, or nil at the end.
func (s *eventSource) peek(ctx context.Context) (*engine.Event, error) {
	if len(s.page) == 0 && !s.last {
		if err := s.turn(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.page) == 0 {
		return nil, nil
	}
	return &s.page[0], nil
}

// turn reads the next page.
func (s *eventSource) turn(ctx context.Context) error {
	if s.next == nil {
		s.next, s.stop = iter.Pull2(s.eng.HistoryPages(ctx, s.filter))
	}
	page, err, more := s.next()
	s.page, s.last = page, !more
	if len(page) > 0 {
		s.filter.After = page[len(page)-1].ID
	}
	return err
}

// rest ends the reading; the next one begins after the last event that was read.
func (s *eventSource) rest() {
	if s.stop != nil {
		s.stop()
	}
	s.next, s.stop = nil, nil
}

// each calls fn for each event that there is now and was not read before.
func (s *eventSource) each(ctx context.Context, fn func(eventRow) error) error {
	s.last = false
	return (&eventMerge{sources: []*eventSource{s}}).each(ctx, fn)
}

// eventMerge reads several files as one, in the order of time.
type eventMerge struct{ sources []*eventSource }

func (m *eventMerge) each(ctx context.Context, fn func(eventRow) error) error {
	for _, s := range m.sources {
		defer s.rest()
	}
	for {
		var first *eventSource
		for _, s := range m.sources {
			e, err := s.peek(ctx)
			if err != nil {
				return err
			}
			if e != nil && (first == nil || e.Time.Before(first.page[0].Time)) {
				first = s
			}
		}
		if first == nil {
			return nil
		}
		if err := fn(eventRow{first.page[0], first.archive}); err != nil {
			return err
		}
		first.page = first.page[1:]
	}
}

// openArchives opens the archive files, or those that have the run that o names. closeAll must be called.
func (a *app) openArchives(ctx context.Context, eng *engine.Engine, o *historyOptions) (sources []*eventSource, closeAll func(), err error) {
	var opened []*engine.Engine
	closeAll = func() {
		for _, e := range opened {
			_ = e.Close() // only read from
		}
	}
	paths, err := eng.Archives()
	if err != nil {
		return nil, closeAll, err
	}
	for _, path := range paths {
		archive, err := engine.Open(ctx, engine.Config{Path: path, Access: engine.ReadOnly}, a.defs...)
		if err != nil {
			return nil, closeAll, fmt.Errorf("archive %s: %w", path, err)
		}
		opened = append(opened, archive)
		src := &eventSource{eng: archive, filter: o.filter(), archive: path}
		if o.ref != "" {
			run, err := archive.Find(ctx, o.ref)
			if errors.Is(err, engine.ErrRunNotFound) {
				continue
			}
			if err != nil {
				return nil, closeAll, fmt.Errorf("archive %s: %w", path, err)
			}
			src.filter.Run = run.ID
		}
		sources = append(sources, src)
	}
	return sources, closeAll, nil
}
