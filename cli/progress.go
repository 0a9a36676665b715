package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/durable-wf/wf/engine"
)

const (
	barRefresh = 100 * time.Millisecond
	firstLine  = 5 * time.Second  // without a terminal, the first line of progress comes after this time
	lastLine   = 10 * time.Minute // and the intervals grow to this one
	barWidth   = 24

	familyRefresh = time.Second / 2 // the children of a run are counted so often
)

// progress shows how far the runs are that execute in this process: bars on a terminal, otherwise a
// few plain lines, and nothing under --quiet.
type progress struct {
	app  *app
	eng  *engine.Engine
	bars *mpb.Progress // nil without a terminal
}

// newProgress begins to show progress. The caller calls close when all runs have been followed.
func (a *app) newProgress(eng *engine.Engine) *progress {
	p := &progress{app: a, eng: eng}
	if a.quiet || !isTerminal(a.stderr) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithRefreshRate(barRefresh))
	a.mu.Lock()
	a.bars = p.bars
	a.mu.Unlock()
	return p
}

// close removes the bars and gives the terminal back. Further calls do nothing.
func (p *progress) close() {
	if p.bars == nil {
		return
	}
	p.app.mu.Lock()
	p.app.bars = nil
	p.app.mu.Unlock()
	p.bars.Wait()
	p.bars = nil
	p.app.out.flush()
	p.app.errs.flush()
}

// follow shows the progress of the run until the returned function is called, which waits for the
// goroutine that does it.
func (p *progress) follow(run engine.Run) (stop func()) {
	if p.app.quiet {
		return func() {}
	}
	done := make(chan struct{}) // closed by stop
	var showing sync.WaitGroup
	showing.Go(func() {
		if p.bars != nil {
			p.showBar(run, done)
		} else {
			p.showLines(run, done)
		}
	})
	return func() {
		close(done)
		showing.Wait()
	}
}

func (p *progress) showBar(run engine.Run, done <-chan struct{}) {
	var m meter
	var mu sync.Mutex // guards m: decorators run on a goroutine of the bars
	bar := p.bars.New(0, mpb.BarStyle(),
		mpb.BarWidth(barWidth),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(title(run)+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			mu.Lock()
			defer mu.Unlock()
			return " " + m.String()
		})))
	defer bar.Abort(true)
	tick := time.NewTicker(barRefresh)
	defer tick.Stop()
	source := p.source(run)
	for {
		select {
		case <-done:
			return
		case now := <-tick.C:
			live, ok := source(now)
			if !ok {
				continue
			}
			mu.Lock()
			p.read(&m, now, run.ID, live)
			mu.Unlock()
			// A total that is never reached keeps the bar from completing by itself.
			bar.SetTotal(max(live.Total, live.Done, 0)+1, false)
			bar.SetCurrent(max(live.Done, 0))
		}
	}
}

func (p *progress) showLines(run engine.Run, done <-chan struct{}) {
	var m meter
	interval := firstLine
	source := p.source(run)
	observe := func() {
		now := time.Now()
		if live, ok := source(now); ok {
			p.read(&m, now, run.ID, live)
		}
	}
	for {
		observe()
		select {
		case <-done:
			return
		case <-time.After(interval):
		}
		observe()
		p.app.note("%s: %s", title(run), &m)
		interval = min(2*interval, lastLine)
	}
}

// read lets the meter take a reading of a run.
func (p *progress) read(m *meter, now time.Time, id int64, live engine.Progress) {
	if live.Done < 0 {
		m.observeBrief(now, p.eng.LiveBrief(id))
		return
	}
	m.observe(now, live)
}

// source returns a function that reads the progress of the run; the bool is false if there is nothing new. That of a
// run that waits for its children is how many of them have ended.
func (p *progress) source(run engine.Run) func(now time.Time) (engine.Progress, bool) {
	var counted time.Time
	return func(now time.Time) (engine.Progress, bool) {
		live, ok := p.eng.Live(run.ID)
		if ok || now.Sub(counted) < familyRefresh {
			return live, ok
		}
		counted = now
		ended, err := p.eng.FamilyProgress(context.Background(), run.ID)
		return ended, err == nil && ended.Total > 0 // whoever executes the run tells of a database that cannot be read
	}
}

// title names a run to people.
func title(run engine.Run) string { return fmt.Sprintf("run %d (%s)", run.ID, run.Workflow) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
