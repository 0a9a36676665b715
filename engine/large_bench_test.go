package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// BenchmarkLargeSaves measures saves of states of so many megabytes: how long the step stands still for
// one on the clock, how much is durable per second when each is waited for, and how long a resume takes
// from opening the database to the first line of the step. Encoding is part of all three.
func BenchmarkLargeSaves(b *testing.B) {
	for _, mb := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%dMB", mb), func(b *testing.B) {
			for b.Loop() {
				size := mb<<20 + 4096 // just over
				stall, _ := timedSaves(b, size, 0)
				_, exact := timedSaves(b, size, 1)
				b.ReportMetric(stall.Seconds()*1e3, "stall-ms/save")
				b.ReportMetric(float64(size)/1e6/exact.Seconds(), "MB/s")
				b.ReportMetric(timedResume(b, size).Seconds()*1e3, "resume-ms")
			}
		})
	}
}

// filled is a state that is filled once: saving it again costs what encoding and writing cost.
func filled(work func(ctx *engine.Context, s *bulk) error) engine.Workflow[bulk, string] {
	w := bulkTo(nil)
	w.Steps[0].Do = func(ctx *engine.Context, s *bulk) (engine.Transition, error) {
		return bulky.Done(""), work(ctx, s)
	}
	return w
}

// timedSaves returns how long the step stands still for each of some saves, and how long each takes
// until it is durable if it is exact.
func timedSaves(b *testing.B, size int, every int64) (stall, each time.Duration) {
	const saves = 5
	eng := newEngine(b, filled(func(ctx *engine.Context, s *bulk) error {
		s.Data = make([]byte, size*3/4)
		for i := range s.Data {
			s.Data[i] = byte(ctx.Rand().Uint32())
		}
		for s.I = range saves {
			begun := time.Now()
			if err := ctx.Save(); err != nil {
				return err
			}
			each += time.Since(begun) / saves
			if every == 0 { // far enough apart that none waits for another
				time.Sleep(time.Duration(size) * 10)
			}
		}
		return nil
	}))
	_, err := bulky.Run(b.Context(), eng, bulk{}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: every}})
	if err != nil {
		b.Fatal(err)
	}
	return each, each
}

func timedResume(b *testing.B, size int) (took time.Duration) {
	path := filepath.Join(b.TempDir(), "wf.db")
	ctx, stop := context.WithCancel(b.Context())
	var begun time.Time
	for _, work := range []func(*engine.Context, *bulk) error{
		func(ctx *engine.Context, s *bulk) error {
			s.Data = make([]byte, size*3/4)
			for i := range s.Data {
				s.Data[i] = byte(ctx.Rand().Uint32())
			}
			stop()
			<-ctx.Done()
			return ctx.Save()
		},
		func(_ *engine.Context, s *bulk) error { took = time.Since(begun); return nil },
	} {
		begun = time.Now()
		withEngine(b, path, func(eng *engine.Engine) {
			if ctx.Err() == nil {
				if _, err := bulky.Start(ctx, eng, bulk{}, nil); err != nil {
					b.Fatal(err)
				}
			}
			on := ctx
			if ctx.Err() != nil {
				on = b.Context()
			}
			if run, err := eng.Execute(on, 1, nil); err != nil || run.Status != engine.Suspended && run.Status != engine.Completed {
				b.Fatalf("Execute = %s, %v", run.Status, err)
			}
		}, filled(work))
	}
	stop()
	return took
}
