package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

// field is a large state of which each iteration changes a part.
type field struct {
	Cells   int           `json:"cells"`   // how many there are
	Changed int           `json:"changed"` // how many of them an iteration changes
	N       int           `json:"n"`
	I       int           `json:"i"`
	U       engine.Floats `json:"u"`
}

const fields engine.Name[field, string] = "fields"

// fieldTo goes through n iterations, each of which depends on all before it, with a hook before its save.
func fieldTo(hook func(ctx *engine.Context, s *field) error) engine.Workflow[field, string] {
	return engine.Workflow[field, string]{
		Name: fields, Version: 1, Codec: engine.CBOR,
		Steps: []engine.Step[field]{{Name: "solve", Do: func(ctx *engine.Context, s *field) (engine.Transition, error) {
			if s.U == nil {
				s.U = make(engine.Floats, s.Cells)
				for i := range s.U {
					s.U[i] = ctx.Rand().Float64()
				}
			}
			for s.I < s.N {
				from := ctx.Rand().IntN(s.Cells - s.Changed + 1)
				for i := from; i < from+s.Changed; i++ {
					s.U[i] = math.Sqrt(s.U[i]+s.U[(i+7919)%s.Cells]) * ctx.Rand().Float64()
				}
				s.I++
				if hook != nil {
					if err := hook(ctx, s); err != nil {
						return engine.Transition{}, err
					}
				}
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
			}
			return fields.Done(digest(s.U)), nil
		}}},
	}
}

func digest(u engine.Floats) string {
	h := sha256.New()
	for _, x := range u {
		_, _ = fmt.Fprintf(h, "%x ", math.Float64bits(x))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// filesSize is how many bytes the files of payloads have.
func filesSize(t testing.TB, path string) (size int64) {
	t.Helper()
	for _, file := range filesOf(t, path) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// P1, P2: a state of 16 MB of which little changes is saved in little, survives kill -9 in the middle of its saves,
// and goes on bit-identical.
func TestFieldSurvivesKills(t *testing.T) {
	t.Parallel()
	input := field{Cells: 2 << 20, Changed: 20_000, N: 8}
	const size = 16 << 20
	seed := int64(11)
	opts := &engine.StartOptions{Seed: &seed, Checkpoint: engine.Checkpoint{Every: 1}}
	path := filepath.Join(t.TempDir(), "calm.db")
	calm := openEngine(t, engine.Config{Path: path}, fieldTo(nil))
	want, err := fields.Run(t.Context(), calm, input, opts)
	if err != nil {
		t.Fatal(err)
	}
	wrote := filesSize(t, path)
	if limit := int64(size + size/4 + input.N*(8*input.Changed+3<<20)); wrote > limit {
		t.Errorf("%d saves of %d bytes, each with %d changed, wrote %d bytes, want at most %d", input.N, size, 8*input.Changed, wrote, limit)
	}
	path = filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, fieldTo(nil))
	if _, err := fields.Start(t.Context(), eng, input, opts); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for done := false; kills < 4 && !done; kills++ {
		c := startChild(t, "field", path)
		said := 0
		for line := range c.lines {
			if done = strings.HasPrefix(line, "result"); done {
				kills--
				break
			}
			if said++; said == 2 { // within the save of the second iteration, or soon after
				time.AfterFunc(rand.N(40*time.Millisecond), func() { _ = c.cmd.Process.Kill() })
			}
		}
		c.kill()
	}
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run.Status != engine.Completed || string(run.Result) != strconv.Quote(want) || kills == 0 {
		t.Errorf("after %d kills: %s %.80s %s, want completed %.80s", kills, run.Status, run.Result, run.Reason, want)
	}
	t.Logf("%d saves wrote %.1f MB of %.1f; %d kills", input.N, float64(wrote)/1e6, float64(size)/1e6*float64(input.N), kills)
}

// playField executes run 1 in the foreground and says each iteration.
func playField(path string) error {
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Config{Path: path}, fieldTo(func(_ *engine.Context, s *field) error {
		fmt.Println("iteration", s.I)
		return nil
	}))
	if err != nil {
		return err
	}
	run, err := eng.Execute(ctx, 1, nil)
	fmt.Println("result", run.Status, err)
	return eng.Close()
}

// P1, P3: a disk that fills up in the middle of a save loses nothing that was acknowledged: the run goes on from the
// checkpoint before once there is room. The disk is a real one, of 40 MB in memory.
func TestFullDiskKeepsTheCheckpointBefore(t *testing.T) {
	t.Parallel()
	disk := peer.NewDisk(t, 40)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, args := disk.Command(exe, disk.Dir)
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), roleEnv+"=full")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "all is well\n") {
		t.Errorf("on the full disk: %v\n%s", err, out)
	}
}

// playFull fills a disk of 40 MB with the second save of 16 MB, and makes room.
func playFull(disk string) error {
	ctx := context.Background()
	path, filler := filepath.Join(disk, "wf.db"), filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 12<<20), 0o600); err != nil {
		return err
	}
	eng, err := engine.Open(ctx, engine.Config{Path: path}, fieldTo(nil))
	if err != nil {
		return err
	}
	input := field{Cells: 2 << 20, Changed: 2 << 20, N: 2}
	run, err := fields.Start(ctx, eng, input, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}})
	if err != nil {
		return err
	}
	if run, err = eng.Execute(ctx, run.ID, nil); run.Status == engine.Completed {
		return fmt.Errorf("the disk did not fill up")
	}
	fmt.Println("full:", run.Status, run.Reason, err)
	state, err := fields.State(ctx, eng, 1)
	if err != nil || state.I != 1 || len(state.U) != input.Cells {
		return fmt.Errorf("state after %d iterations, %d cells: %w", state.I, len(state.U), err)
	}
	if err := eng.Close(); err != nil {
		return err
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	if eng, err = engine.Open(ctx, engine.Config{Path: path}, fieldTo(nil)); err != nil {
		return err
	}
	if run, err = eng.Execute(ctx, 1, nil); err != nil || run.Status != engine.Completed {
		return fmt.Errorf("with room again: %s %s, %w", run.Status, run.Reason, err)
	}
	fmt.Println("all is well")
	return eng.Close()
}

// What a person sees of a large state is short, whoever shows it; all of it is there for those who ask.
func TestLargeStateIsOutlined(t *testing.T) {
	t.Parallel()
	const cells = 1 << 18
	eng := newEngine(t, fieldTo(nil))
	run, err := fields.Start(t.Context(), eng, field{Cells: cells, Changed: 1, N: 1}, &engine.StartOptions{Keep: engine.KeepAll})
	if err != nil {
		t.Fatal(err)
	}
	const want = "cells=262144 changed=1 i=1 n=1 u=[262144]"
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.State != nil || run.Brief != want {
		t.Errorf("Execute gives a state of %d bytes, brief %q, %v; want none, %q", len(run.State), run.Brief, err, want)
	}
	if run, err = eng.Get(t.Context(), run.ID); err != nil || len(run.State) < cells || run.Brief != want {
		t.Errorf("Get gives a state of %d bytes, brief %q, %v; want all, %q", len(run.State), run.Brief, err, want)
	}
	state, err := fields.State(t.Context(), eng, run.ID)
	if err != nil || len(state.U) != cells || string(run.Result) != strconv.Quote(digest(state.U)) {
		t.Errorf("State gives %d cells, %v", len(state.U), err)
	}
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Result == nil {
		t.Errorf("Wait gives the result %s, %v", run.Result, err)
	}
}
