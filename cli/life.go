package cli

import (
	"context"
	"encoding/json"
	"slices"
	"sort"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/plot"
)

// life is when a run was worked on, as its history tells. Its times are seconds since its first attempt.
type life struct {
	gaps    []plot.Span // nobody worked on it
	resumed []float64   // it went on after it was interrupted
	marks   []mark
}

// mark is a moment at which the progress of a run is known: it was saved, or the run went on from there.
type mark struct {
	at    float64 // seconds since the first attempt
	done  int64   // progress; -1 if it tells none
	start bool    // nobody worked on it just before
}

// lifeKinds are the events that tell of a run's life.
func lifeKinds() []string {
	return []string{
		"checkpoint", "transition", "claimed", "attempt", "released", "suspended", "paused", "blocked", "compensating",
		"completed", "failed", "cancelled", "created", "fallback",
	}
}

// readLife reads it. It has nothing if the history was deleted.
func readLife(ctx context.Context, eng *engine.Engine, run engine.Run) (life, error) {
	var l life
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{Run: run.ID, Kinds: lifeKinds(), Limit: pageSize}}
	before := 0.0
	err := src.each(ctx, func(e eventRow) error {
		at := max(e.Time.Sub(run.Started).Seconds(), 0)
		switch e.Kind {
		case "created":
			l.begin(e)
		case "claimed":
			l.gaps = append(l.gaps, plot.Span{From: before, To: at})
			if e.interrupted() {
				l.resumed = append(l.resumed, at)
			}
			l.marks = append(l.marks, mark{at: at, done: l.done(), start: true})
		case "fallback": // from where is not told
			l.marks = append(l.marks, mark{at: at, done: -1, start: true})
		case "checkpoint", "transition", "completed":
			l.marks = append(l.marks, mark{at: at, done: e.done()})
		}
		before = at
		return nil
	})
	return l, err
}

// begin takes the event of a new run: it has made no progress, unless it goes on from another.
func (l *life) begin(e eventRow) {
	if engine.OriginOf(e.Event).UUID == "" {
		l.marks = append(l.marks, mark{start: true})
	}
}

// done is the progress that is known last, -1 if none is.
func (l *life) done() int64 {
	if len(l.marks) == 0 {
		return -1
	}
	return l.marks[len(l.marks)-1].done
}

// interrupted reports whether a claimed event is that of a run that was interrupted, and did not wait for anything.
func (e eventRow) interrupted() bool {
	was := engine.Status(e.text("was"))
	return e.tookOver() || was == engine.Suspended || was == engine.Paused || was == engine.Blocked
}

// done is the progress at a checkpoint, -1 if it tells none.
func (e eventRow) done() int64 {
	var d struct {
		Done *int64 `json:"done"`
	}
	if json.Unmarshal(e.Detail, &d) != nil || d.Done == nil {
		return -1
	}
	return *d.Done
}

// rugTicks is how many checkpoints a picture marks at most.
const rugTicks = 400

// rug are the times of the checkpoints, evenly thinned.
func (l *life) rug() []float64 {
	var list []float64
	for _, m := range l.marks {
		if !m.start {
			list = append(list, m.at)
		}
	}
	each := max((len(list)+rugTicks-1)/rugTicks, 1)
	thinned := list[:0]
	for i := 0; i < len(list); i += each {
		thinned = append(thinned, list[i])
	}
	return thinned
}

// ratePoints is how many parts of its time a run's rate is averaged over.
const ratePoints = 200

// rates are how fast the progress rose, in units a second, averaged over parts of the run's time. Over an interruption
// nothing is known.
func (l *life) rates() (points []plot.Point) {
	if len(l.marks) < 2 {
		return nil
	}
	part := (l.marks[len(l.marks)-1].at - l.marks[0].at) / ratePoints
	base := l.marks[0]
	for _, m := range l.marks[1:] {
		if m.start || m.done < base.done || base.done < 0 { // it went on, or another step began
			base = m
			continue
		}
		if elapsed := m.at - base.at; elapsed > 0 && elapsed >= part {
			points = append(points, plot.Point{X: (base.at + m.at) / 2, Y: float64(m.done-base.done) / elapsed})
			base = m
		}
	}
	return points
}

// when is about the time at which a point was measured that was committed at a time: as far between both commits as its
// progress is between theirs. A point without progress is as late as its commit.
func (l *life) when(committed float64, progress int64) float64 {
	i := sort.Search(len(l.marks), func(i int) bool { return l.marks[i].at >= committed-instant })
	if i == 0 || i == len(l.marks) {
		return committed
	}
	from, to := l.marks[i-1], l.marks[i]
	if from.done < 0 || to.done <= from.done || progress < from.done || progress > to.done {
		return committed
	}
	return from.at + (committed-from.at)*float64(progress-from.done)/float64(to.done-from.done)
}

// instant is less than the time between two commits of a run, in seconds.
const instant = 0.5e-6

// progressAt is the progress of a series at the times when the run was resumed.
func (l *life) progressAt(points []engine.Metric, started time.Time) []float64 {
	var marks []float64
	for _, at := range l.resumed {
		i, _ := slices.BinarySearchFunc(points, at, func(m engine.Metric, at float64) int {
			if m.Time.Sub(started).Seconds() < at {
				return -1
			}
			return 1
		})
		if i > 0 && i < len(points) {
			marks = append(marks, float64(points[i-1].X))
		}
	}
	return marks
}
