package cli

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/plot"
)

// life is when a run was worked on, as its history tells. Its times are seconds since its first attempt.
type life struct {
	gaps    []plot.Span // nobody worked on it
	resumed []float64   // it went on after it was interrupted
	saves   []saved
}

// saved is a checkpoint.
type saved struct {
	at   float64 // seconds since the first attempt
	done int64   // progress; -1 if it tells none
	new  bool    // the first since the run went on: no work lies between it and the one before
}

// lifeKinds are the events that tell of a run's life.
func lifeKinds() []string {
	return []string{
		"checkpoint", "transition", "claimed", "attempt", "released", "suspended", "paused", "blocked", "compensating",
		"completed", "failed", "cancelled",
	}
}

// readLife reads it. It has nothing if the history was deleted.
func readLife(ctx context.Context, eng *engine.Engine, run engine.Run) (life, error) {
	var l life
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{Run: run.ID, Kinds: lifeKinds(), Limit: pageSize}}
	before, fresh := 0.0, false
	err := src.each(ctx, func(e eventRow) error {
		at := e.Time.Sub(run.Started).Seconds()
		switch e.Kind {
		case "claimed":
			l.gaps = append(l.gaps, plot.Span{From: before, To: at})
			if e.interrupted() {
				l.resumed = append(l.resumed, at)
			}
			fresh = true
		case "checkpoint", "transition", "completed":
			l.saves = append(l.saves, saved{at, e.done(), fresh})
			fresh = false
		}
		before = at
		return nil
	})
	return l, err
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
	each := (len(l.saves) + rugTicks - 1) / rugTicks
	var list []float64
	for i := 0; i < len(l.saves); i += max(each, 1) {
		list = append(list, l.saves[i].at)
	}
	return list
}

// ratePoints is how many parts of its time a run's rate is averaged over.
const ratePoints = 200

// rates are how fast the progress rose, in units a second, averaged over parts of the run's time. Between two
// checkpoints with an interruption in between nothing is known.
func (l *life) rates() (points []plot.Point) {
	if len(l.saves) < 2 {
		return nil
	}
	part := (l.saves[len(l.saves)-1].at - l.saves[0].at) / ratePoints
	base := l.saves[0]
	for _, s := range l.saves[1:] {
		if s.new || s.done < base.done || base.done < 0 { // resumed, or another step
			base = s
			continue
		}
		if elapsed := s.at - base.at; elapsed > 0 && elapsed >= part {
			points = append(points, plot.Point{X: (base.at + s.at) / 2, Y: float64(s.done-base.done) / elapsed})
			base = s
		}
	}
	return points
}

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
