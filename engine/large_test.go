package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// bulk is a state of so many bytes, as JSON, each save of which has other bytes.
type bulk struct {
	Size  int    `json:"size"`
	N     int    `json:"n"`
	I     int    `json:"i"`
	Calls int    `json:"calls"`
	Trail string `json:"trail"` // hash over all iterations, in order
	Data  []byte `json:"data"`
}

const bulky engine.Name[bulk, string] = "bulky"

// bulkTo goes through n iterations, each of which depends on all before it, with a hook in each.
func bulkTo(hook func(ctx *engine.Context, s *bulk) error) engine.Workflow[bulk, string] {
	return engine.Workflow[bulk, string]{
		Name: bulky, Version: 1,
		Steps: []engine.Step[bulk]{{Name: "fill", Do: func(ctx *engine.Context, s *bulk) (engine.Transition, error) {
			for s.I < s.N {
				if len(s.Data) == 0 {
					s.Data = make([]byte, s.Size*3/4) // base64 makes it a third larger
				}
				seed := sha256.Sum256(s.Data)
				rng := rand.NewChaCha8(seed)
				_, _ = rng.Read(s.Data)
				sum := sha256.Sum256(append([]byte(s.Trail), s.Data...))
				s.Trail = hex.EncodeToString(sum[:]) + fmt.Sprint(ctx.Rand().Uint64())
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
			return bulky.Done(s.Trail), nil
		}}},
	}
}

const someMiB = 2 << 20

func filesOf(t testing.TB, path string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(path+"-files", "??", strings.Repeat("?", 64)))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// P1, P2: a large state survives kill -9 at any moment and goes on bit-identical.
func TestLargeStateSurvivesKills(t *testing.T) {
	t.Parallel()
	const n = 20
	seed := int64(11)
	opts := &engine.StartOptions{Seed: &seed, Checkpoint: engine.Checkpoint{Every: 1}}
	calm := newEngine(t, bulkTo(nil))
	want, err := bulky.Run(t.Context(), calm, bulk{Size: someMiB, N: n}, opts)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, bulkTo(nil))
	if _, err := bulky.Start(t.Context(), eng, bulk{Size: someMiB, N: n}, opts); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for ; kills < 5; kills++ {
		c := startChild(t, "bulk", path)
		done, said := false, 0
		for line := range c.lines {
			if done = strings.HasPrefix(line, "result"); done {
				break
			}
			if said++; said == 3 { // somewhere in the third iteration: the ones before are saved
				time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = c.cmd.Process.Kill() })
			}
		}
		c.kill()
		if done {
			break
		}
	}
	if kills == 0 {
		t.Error("no process was killed")
	}
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run.Status != engine.Completed || string(run.Result) != `"`+want+`"` {
		t.Errorf("after %d kills: %s %.80s %s, want completed %.80s", kills, run.Status, run.Result, run.Reason, want)
	}
	t.Logf("%d kills, %d saves", kills, run.Saves)
}

// playBulk executes run 1 in the foreground and says each iteration.
func playBulk(path string) error {
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Config{Path: path}, bulkTo(func(_ *engine.Context, s *bulk) error {
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

// Saves on the clock, exact saves and recorded calls of one visit are committed in the order in which
// they were made, though only some of them write files first.
func TestSavesAndCallsInterleavedOnLargeStates(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]int64{"on the clock": 0, "exact": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := 0
			eng := newEngine(t, bulkTo(func(ctx *engine.Context, s *bulk) error {
				for range 3 {
					got, err := engine.Do(ctx, "draw", func(context.Context) (string, error) {
						made++
						if made%2 == 0 {
							return strings.Repeat(fmt.Sprint(made), someMiB/2), nil // goes to a file, too
						}
						return fmt.Sprint(made), nil
					})
					if err != nil {
						return err
					}
					s.Calls += len(got)
					if s.I%3 == 0 {
						if err := ctx.Save(); err != nil {
							return err
						}
					}
				}
				return nil
			}))
			const n = 8
			_, err := bulky.Run(t.Context(), eng, bulk{Size: someMiB, N: n},
				&engine.StartOptions{Checkpoint: engine.Checkpoint{Every: every}, Keep: engine.KeepAll})
			if err != nil {
				t.Fatal(err)
			}
			if made != 3*n {
				t.Errorf("%d calls were made, want %d", made, 3*n)
			}
			saved, calls := 0, 0
			for _, ev := range history(t, eng, 1) {
				switch ev.Kind {
				case "call":
					calls++
				case "checkpoint":
					saved++
				}
			}
			if calls != 3*n || saved < 2 {
				t.Errorf("history has %d calls and %d checkpoints", calls, saved)
			}
		})
	}
}

// bulkAtTwo makes a file with a run of large states that is suspended after its second save, with one
// older copy, and returns the paths of the files of both, the newest last.
func bulkAtTwo(t testing.TB, size int) (path string, files []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "wf.db")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	withEngine(t, path, func(eng *engine.Engine) {
		run, err := bulky.Start(ctx, eng, bulk{Size: size, N: 3}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}})
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, path, "UPDATE wf_runs SET copied_us = 1") // so that the first save is copied
		if run, err = eng.Execute(ctx, run.ID, nil); err != nil || run.Status != engine.Suspended {
			t.Fatalf("Execute = %s, %v; want suspended", run.Status, err)
		}
	}, bulkTo(func(ctx *engine.Context, s *bulk) error {
		if s.I == 2 {
			stop()
			<-ctx.Done()
		}
		return nil
	}))
	states := map[int]string{}
	for _, file := range filesOf(t, path) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= 2; i++ {
			if strings.Contains(string(text[:200]), fmt.Sprintf(`"i":%d`, i)) {
				states[i] = file
			}
		}
	}
	if len(states) != 2 {
		t.Fatalf("the files hold the states %v", states)
	}
	return path, []string{states[1], states[2]}
}

func tear(path string) error { return os.Truncate(path, 1000) }

// P7, nothing is guessed: a state whose file is damaged or missing falls back, loudly.
func TestDamagedStateFileFallsBack(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(string) error{"missing": os.Remove, "damaged": tear} {
		for size, of := range map[int]string{someMiB: "whole", 4 * someMiB: "in chunks"} {
			t.Run(name+" "+of, func(t *testing.T) {
				t.Parallel()
				path, files := bulkAtTwo(t, size)
				if err := damage(files[1]); err != nil {
					t.Fatal(err)
				}
				var seen []int
				run, events, log := executeOne(t, path, bulkTo(func(_ *engine.Context, s *bulk) error {
					seen = append(seen, s.I)
					return nil
				}))
				if run.Status != engine.Completed || !slices.Equal(seen, []int{2, 3}) {
					t.Errorf("run = %s %s after the iterations %v; want completed after [2 3]", run.Status, run.Reason, seen)
				}
				n := slices.IndexFunc(events, func(ev engine.Event) bool { return ev.Kind == "fallback" })
				if n < 0 || !strings.Contains(events[n].Error, "is "+name) || !strings.Contains(log, "level=ERROR") {
					t.Errorf("the fallback is not told: %q", log)
				}
			})
		}
	}
}

// P7: with no good file left the run is blocked, and goes on once the file is back.
func TestDamagedStateFilesBlock(t *testing.T) {
	t.Parallel()
	path, files := bulkAtTwo(t, someMiB)
	if err := errors.Join(os.Rename(files[1], files[1]+".away"), tear(files[0])); err != nil {
		t.Fatal(err)
	}
	run, _, log := executeOne(t, path, bulkTo(func(*engine.Context, *bulk) error {
		t.Error("the step ran")
		return nil
	}))
	if run.Status != engine.Blocked || !strings.Contains(run.Reason, "is missing") || run.Fault == "" || !strings.Contains(log, "level=ERROR") {
		t.Fatalf("run = %s %q, fault %q, log %q; want blocked, loudly", run.Status, run.Reason, run.Fault, log)
	}
	withEngine(t, path, func(eng *engine.Engine) {
		states, err := eng.States(t.Context(), 1)
		if err != nil || len(states) != 2 || states[0].Bad == "" || states[1].Bad == "" {
			t.Errorf("States = %+v, %v; want two bad ones", states, err)
		}
		if _, err := bulky.State(t.Context(), eng, 1); err == nil || !strings.Contains(err.Error(), "is missing") {
			t.Errorf("State: %v, want it to say what is missing", err)
		}
		if err := os.Rename(files[1]+".away", files[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
			t.Fatal(err)
		}
	}, bulkTo(nil))
	if run, _, _ := executeOne(t, path, bulkTo(nil)); run.Status != engine.Completed {
		t.Errorf("with its file back: %s %s, want completed", run.Status, run.Reason)
	}
	if _, err := os.Stat(files[0] + ".bad"); err != nil {
		t.Errorf("the damaged file is not kept for inspection: %v", err)
	}
}

// P7: nor is a recorded call whose file is missing made again.
func TestMissingRecordFileBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	calling := func(made *int) engine.Workflow[bulk, string] {
		w := bulkTo(func(ctx *engine.Context, _ *bulk) error {
			_, err := engine.Do(ctx, "draw", func(context.Context) ([]byte, error) {
				*made++
				return make([]byte, 0), nil
			})
			if err == nil {
				_, err = engine.Do(ctx, "large", func(context.Context) ([]byte, error) {
					*made++
					data := make([]byte, someMiB)
					_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
					return data, nil
				})
			}
			return errors.Join(err, errors.New("after the call"))
		})
		w.Steps[0].Retry = engine.Retry{Attempts: -1, Initial: 1}
		return w
	}
	made := 0
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := bulky.Start(t.Context(), eng, bulk{N: 1}, nil); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second attempt reads what the first has recorded
			if run, err := eng.Execute(t.Context(), 1, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Waiting {
				t.Fatalf("Execute = %s %q, %v; want waiting", run.Status, run.Reason, err)
			}
		}
	}, calling(&made))
	if files := filesOf(t, path); made != 2 || len(files) != 1 {
		t.Fatalf("%d calls were made, %d files; want 2 and 1", made, len(files))
	} else if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	run, _, _ := executeOne(t, path, calling(&made))
	if run.Status != engine.Blocked || !strings.Contains(run.Reason, `the record of call "large" is corrupt: its file`) || made != 2 {
		t.Errorf("run = %s %q after %d calls, want blocked because of the call", run.Status, run.Reason, made)
	}
}

// Small runs beside one that saves 20 MB on the clock commit as fast as without it, nearly: they share
// the disk with it, but nobody waits for its files.
func TestLargeSavesDelayNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	eng := newEngine(t, bulkTo(func(*engine.Context, *bulk) error { time.Sleep(20 * time.Millisecond); return nil }), countTo(nil))
	measure := func(enough func(rounds int) bool) (p50, p99 time.Duration) {
		var mu sync.Mutex
		var took []time.Duration
		for rounds := 0; !enough(rounds); rounds++ {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					begun := time.Now()
					_, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
					mu.Lock()
					defer mu.Unlock()
					if took = append(took, time.Since(begun)); err != nil {
						t.Error(err)
					}
				})
				time.Sleep(4 * time.Millisecond)
			}
			wg.Wait()
		}
		slices.Sort(took)
		return took[len(took)/2], took[len(took)*99/100]
	}
	alone50, alone99 := measure(func(rounds int) bool { return rounds == 6 })
	large, _, err := eng.StartHere(t.Context(), "bulky", []byte(fmt.Sprintf(`{"size":%d,"n":1000000}`, 20<<20)), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := eng.Execute(ctx, large.ID, nil)
		ended <- err
	}()
	eventually(t, eng, large.ID, "saved", func(r engine.Run) bool { return r.Saves > 0 })
	var run engine.Run
	beside50, beside99 := measure(func(rounds int) bool {
		if rounds >= 6 {
			run, err = eng.Get(t.Context(), large.ID)
		}
		return rounds >= 6 && (run.Saves > 3 || rounds == 60 || err != nil)
	})
	stop()
	<-ended
	t.Logf("commit alone: p50 %v, p99 %v; beside %d saves of 20 MB: p50 %v, p99 %v", alone50, alone99, run.Saves, beside50, beside99)
	if err != nil || run.Saves <= 3 {
		t.Errorf("only %d saves, %v", run.Saves, err)
	}
	if beside50 > alone50+50*time.Millisecond || beside99 > alone99+500*time.Millisecond {
		t.Errorf("commits take p50 %v, p99 %v beside large saves, %v and %v alone", beside50, beside99, alone50, alone99)
	}
}
