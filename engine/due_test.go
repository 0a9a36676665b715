package engine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// A loop may ask in every iteration only if the question is inlined.
func TestDueIsInlined(t *testing.T) {
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
`
	file := filepath.Join(dir, "loop.go")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-m", "-o", os.DevNull, file).CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if want := "inlining call to engine.(*Context).Due"; !strings.Contains(string(out), want) {
		t.Errorf("go build -gcflags=-m does not say %q:\n%s", want, out)
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
