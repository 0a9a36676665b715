package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// BenchmarkLargeSave measures saves of states of noise, which does not compress: how long the step stands still
// for one on the clock, as the share of its time that it takes once a second; how long one takes until it is durable
// if it is waited for, encoding included; and how many bytes of files it writes. Each save finds the state as it was,
// or a hundredth of it, or all of it, changed.
func BenchmarkLargeSave(b *testing.B) {
	for _, size := range benchSizes() {
		for _, percent := range []int{0, 1, 100} {
			b.Run(fmt.Sprintf("%dB/%d%%", size, percent), func(b *testing.B) {
				for b.Loop() {
					stall, _ := timedSaves(b, size, percent, 0)
					durable, wrote := timedSaves(b, size, percent, 1)
					b.ReportMetric(stall.Seconds()*1e3, "stall-ms")
					b.ReportMetric(stall.Seconds()*100, "%stalled@1s")
					b.ReportMetric(durable.Seconds()*1e3, "durable-ms")
					b.ReportMetric(float64(wrote)/1e6, "written-MB")
				}
			})
		}
	}
}

// BenchmarkLargeResume measures a resume, from opening the database to the first line of the step.
func BenchmarkLargeResume(b *testing.B) {
	for _, size := range benchSizes() {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(timedResume(b, size).Seconds()*1e3, "resume-ms")
			}
		})
	}
}

// benchSizes are sizes of states in bytes; -short leaves out what takes half a minute.
func benchSizes() []int {
	if testing.Short() {
		return []int{64, 1e6}
	}
	return []int{64, 1e6, 100e6}
}

// filled is a workflow whose state is filled once, before the work of the test.
func filled(work func(ctx *engine.Context, s *field) error) engine.Workflow[field, string] {
	w := fieldTo(nil)
	w.Steps[0].Do = func(ctx *engine.Context, s *field) (engine.Transition, error) {
		if s.U == nil {
			s.U = make(engine.Floats, s.Cells)
			change(s.U, 0)
		}
		return fields.Done(""), work(ctx, s)
	}
	return w
}

// change gives u other numbers, of which no bit can be foreseen; it is faster than the generator of a run.
func change(u engine.Floats, seed uint64) {
	source := rand.NewPCG(seed, seed)
	for i := range u {
		u[i] = float64(source.Uint64()) * 0x1p-64
	}
}

// timedSaves returns how long the step stands still for each of some saves, after a first one, and how many bytes of
// files each has written.
func timedSaves(b *testing.B, size, percent int, every int64) (each time.Duration, wrote int64) {
	const saves = 5
	path := filepath.Join(b.TempDir(), "wf.db")
	var before int64
	eng := openEngine(b, engine.Config{Path: path}, filled(func(ctx *engine.Context, s *field) error {
		for s.I = range saves + 1 {
			n := s.Cells * percent / 100
			from := (s.Cells - n) * s.I / saves
			change(s.U[from:from+n], uint64(1+s.I))
			begun := time.Now()
			if err := ctx.Save(); err != nil {
				return err
			}
			took := time.Since(begun)
			if every == 0 { // far enough apart that none waits for another
				time.Sleep(10*time.Millisecond + time.Duration(size)*10)
			}
			if s.I == 0 {
				before = filesSize(b, path)
				continue
			}
			each += took / saves
		}
		return nil
	}))
	input := field{Cells: size / 8}
	if _, err := fields.Run(b.Context(), eng, input, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: every}}); err != nil {
		b.Fatal(err)
	}
	return each, (filesSize(b, path) - before) / saves
}

func timedResume(b *testing.B, size int) (took time.Duration) {
	path := filepath.Join(b.TempDir(), "wf.db")
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	withEngine(b, path, func(eng *engine.Engine) {
		if _, err := fields.Start(ctx, eng, field{Cells: size / 8}, nil); err != nil {
			b.Fatal(err)
		}
		if run, err := eng.Execute(ctx, 1, nil); err != nil || run.Status != engine.Suspended {
			b.Fatalf("Execute = %s, %v", run.Status, err)
		}
	}, filled(func(ctx *engine.Context, _ *field) error {
		stop()
		<-ctx.Done()
		return ctx.Save()
	}))
	begun := time.Now()
	withEngine(b, path, func(eng *engine.Engine) {
		if run, err := eng.Execute(b.Context(), 1, nil); err != nil || run.Status != engine.Completed {
			b.Fatalf("Execute = %s, %v", run.Status, err)
		}
	}, filled(func(*engine.Context, *field) error { took = time.Since(begun); return nil }))
	return took
}
