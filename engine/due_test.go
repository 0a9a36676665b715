package engine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A loop may ask in every iteration only if the question is inlined, and a loop over Range costs what a bare one costs only if
// all of it is.
func TestLoopsAreInlined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src := `package p

import "github.com/durable-wf/wf/engine"

func Loop(ctx *engine.Context, n int) (total int) {
	for i := range n {
		total += i
		if ctx.Due() {
			return
		}
	}
	return
}

func Over(ctx *engine.Context, n int) (total int) {
	cursor := 0
	for i := range engine.Range(ctx, &cursor, n) {
		total += i
	}
	return
}
`
	file := filepath.Join(dir, "loop.go")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-m", "-o", os.DevNull, file).CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, want := range []string{
		"inlining call to engine.(*Context).Due",
		"inlining call to engine.Range[go.shape.int]", // which returns the loop,
		"inlining call to Over.Range[go.shape.int].func1",
		"inlining call to Over-range1", // and the body in it
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("go build -gcflags=-m does not say %q:\n%s", want, out)
		}
	}
}

func TestDueAllocatesNothing(t *testing.T) {
	eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error { // AllocsPerRun is not for parallel tests
		if n := testing.AllocsPerRun(1000, func() { ctx.Due() }); n != 0 {
			t.Errorf("Due allocates %v times", n)
		}
		return nil
	}))
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Fatal(err)
	}
}

// Neither an iteration of Range allocates anything nor one of Blocks; a loop as a whole may.
func TestRangeAllocatesNothing(t *testing.T) {
	loops := map[string]func(ctx *engine.Context, n int64){
		"Range": func(ctx *engine.Context, n int64) {
			var i, total int64
			for i := range engine.Range(ctx, &i, n) {
				total += i
			}
		},
		"Blocks": func(ctx *engine.Context, n int64) {
			var i, total int64
			for from, to := range engine.Blocks(ctx, &i, n, 2) {
				total += to - from
			}
		},
	}
	eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error {
		for name, loop := range loops {
			one := testing.AllocsPerRun(100, func() { loop(ctx, 1) })
			if many := testing.AllocsPerRun(100, func() { loop(ctx, 1000) }); many > one {
				t.Errorf("a loop over %s allocates %v times with one item, and %v times with 1,000", name, one, many)
			}
		}
		return nil
	}))
	rarely := engine.StartOptions{Checkpoint: engine.Checkpoint{Interval: time.Hour}}
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, &rarely); err != nil {
		t.Fatal(err)
	}
}

// Of the bare loop, of one that asks Due in each iteration, and of one over Range.
func BenchmarkLoop(b *testing.B) {
	run := func(b *testing.B, loop func(ctx *engine.Context, s *count)) {
		b.Helper()
		eng := newEngine(b, countTo(func(ctx *engine.Context, s *count) error {
			b.ResetTimer()
			loop(ctx, s)
			b.StopTimer()
			return nil
		}))
		if _, err := counting.Run(b.Context(), eng, count{N: 1}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("bare", func(b *testing.B) {
		n := int64(b.N)
		run(b, func(_ *engine.Context, s *count) {
			total := int64(0)
			for i := int64(1); i <= n; i++ {
				total += i
			}
			s.Total = total
		})
	})
	b.Run("due", func(b *testing.B) {
		n := int64(b.N)
		run(b, func(ctx *engine.Context, s *count) {
			total := int64(0)
			for i := int64(1); i <= n; i++ {
				total += i
				if ctx.Due() {
					s.Total = total
					if err := ctx.Save(); err != nil {
						b.Error(err)
					}
				}
			}
			s.Total = total
		})
	})
	b.Run("range", func(b *testing.B) {
		n := int64(b.N)
		run(b, func(ctx *engine.Context, s *count) {
			total, i := int64(0), int64(0)
			for i := range engine.Range(ctx, &i, n) {
				total += i
			}
			s.Total = total
		})
	})
}
