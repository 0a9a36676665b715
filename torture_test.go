//go:build unix

package wf_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

var tortureKills = flag.Int("torture.kills", 4, "how often each program of the torture test is killed")

// victim is a program of examples/exec that adds the integers from 1 to n, and where it keeps its state.
type victim struct {
	name  string
	state string                                         // under the run's folder; or under the working one, for --state
	flags []string                                       // of exec
	words func(t *testing.T, dir string, n int) []string // the command
	pace  int                                            // additions that it makes between two kills, or more
}

const tortureStep = 2 * time.Millisecond // the least that each addition takes

// example returns the path of a file of examples/exec.
func example(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("examples", "exec", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// victims are a program that knows nothing of us, and those with the helpers.
func victims() []victim {
	delay := fmt.Sprint(tortureStep.Seconds())
	own := filepath.Join("wf.db-runs", "1", "state")
	return []victim{
		{"pickle", "checkpoint.pickle", []string{"--state", "checkpoint.pickle"}, func(t *testing.T, _ string, n int) []string {
			return []string{"/usr/bin/env", "N=" + fmt.Sprint(n), "SECONDS=" + delay, peer.Python(t), example(t, "article.py")}
		}, 100},
		{"python", own, nil, func(t *testing.T, _ string, n int) []string {
			return []string{peer.Python(t), example(t, "sum.py"), fmt.Sprint(n), delay}
		}, 100},
		{"slices", own, nil, func(t *testing.T, _ string, n int) []string {
			return []string{peer.Python(t), example(t, "slices.py"), fmt.Sprint(n), delay}
		}, 100},
		{"r", own, nil, func(t *testing.T, _ string, n int) []string {
			return []string{peer.Command(t, "Rscript"), example(t, "sum.R"), fmt.Sprint(n), delay}
		}, 100},
		{"bash", own, nil, func(t *testing.T, _ string, n int) []string {
			return []string{peer.Command(t, "bash"), example(t, "sum.sh"), fmt.Sprint(n), delay}
		}, 15},
		{"c", "sum.state", []string{"--state", "sum.state"}, func(t *testing.T, dir string, n int) []string {
			binary := filepath.Join(dir, "sum")
			out, err := exec.CommandContext(t.Context(), peer.Command(t, "cc"), "-O2", "-Wall", "-o", binary, example(t, "sum.c")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return []string{binary, fmt.Sprint(n), delay}
		}, 100},
	}
}

// Any program ends with the right total, however often it or its engine is killed, and although its state file is
// torn or deleted while neither lives.
func TestTorture(t *testing.T) {
	t.Parallel()
	for i, v := range victims() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			seed := *crashSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("to kill at about the same moments: -crash.seed=%d -torture.kills=%d", seed, *tortureKills)
			tort := &torture{T: t, v: v, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, uint64(i)))}
			tort.run(v.pace * (*tortureKills + 2))
		})
	}
}

// torture is one program that is killed again and again.
type torture struct {
	*testing.T
	v    victim
	dir  string
	rng  *rand.Rand
	p    *process // the engine
	did  map[string]int
	kill int
}

func (o *torture) run(n int) {
	o.did = map[string]int{}
	args := append([]string{"exec", "--quiet", "--retry", "-1", "--retry-pause", "1ms", "--interval", "20ms", "--grace", "5s"}, o.v.flags...)
	o.p = launch(o, o.dir, wf(o), append(append(args, "--"), o.v.words(o.T, o.dir, n)...)...)
	awaitRun(o, o.dir, 1, "is running", func(r engine.Run) bool { return r.Attempt > 0 })
	for o.kill < *tortureKills && o.endure() {
		o.hit()
	}
	for o.p.wait() == waits {
		o.resume()
	}
	o.p.expect(0)
	want := fmt.Sprintf("total %d", n*(n+1)/2)
	lines := strings.Split(strings.TrimSpace(o.p.stdout.String()), "\n")
	if got := lines[len(lines)-1]; got != want {
		o.Errorf("after %v: %q, want %q", o.did, got, want)
	}
	o.Logf("%v", o.did)
	if o.kill <= *tortureKills/4 {
		o.Errorf("it has ended after %d of %d kills", o.kill, *tortureKills)
	}
}

// endure lets the program work for a while, and until it can endure a death. It reports whether the engine lives.
func (o *torture) endure() bool {
	end := time.Now().Add(50*time.Millisecond + time.Duration(o.rng.Int64N(int64(150*time.Millisecond))))
	eng, done := reading(o, o.dir)
	defer done()
	eventually(o, "no run at its second death", func() bool {
		if !o.p.alive() && o.p.wait() == waits {
			o.resume()
		}
		return !o.p.alive() || time.Now().After(end) && endurable(o.T, eng) && o.gained(eng)
	})
	return o.p.alive()
}

// gained reports whether no attempt at the newest checkpoint has failed before.
func (o *torture) gained(eng *engine.Engine) bool {
	run, err := eng.Get(context.Background(), 1)
	if err != nil {
		o.Fatal(err)
	}
	return run.Failures < 2
}

// hit kills the program, or the engine, or stops the engine; and does harm to the state while nobody lives.
func (o *torture) hit() {
	o.kill++
	switch o.rng.IntN(4) {
	case 0:
		if err := syscall.Kill(o.child(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			o.Fatal(err)
		}
		o.did["program"]++
		return
	case 1:
		o.strike(syscall.SIGTERM, "stop")
	default:
		o.strike(syscall.SIGKILL, "engine")
	}
	if o.p.cmd.ProcessState.ExitCode() == 0 {
		o.kill = *tortureKills // it has ended by itself
		return
	}
	o.harm()
	o.resume()
	awaitRun(o, o.dir, 1, "is claimed", func(r engine.Run) bool { return r.Status == engine.Running || !o.p.alive() })
}

// strike sends a signal to the engine, which may just have ended by itself, and waits for its end.
func (o *torture) strike(sig syscall.Signal, name string) {
	if err := o.p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		o.Fatal(err)
	}
	o.p.wait()
	o.did[name]++
}

// waits is the exit code of a resume that leaves a run waiting, for another attempt.
const waits = 6

func (o *torture) resume() { o.p = launch(o, o.dir, wf(o), "resume", "--quiet", "1") }

// child returns the process that the engine has started last.
func (o *torture) child() int {
	var recorded struct{ PID int }
	eventually(o, "the record of the program", func() bool {
		text, err := os.ReadFile(filepath.Join(o.dir, "wf.db-runs", "1", "child"))
		return err == nil && json.Unmarshal(text, &recorded) == nil && recorded.PID > 1
	})
	return recorded.PID
}

// harm tears the state file, or deletes it, or does not, once the program is dead.
func (o *torture) harm() {
	awaitGone(o, o.child())
	path := filepath.Join(o.dir, o.v.state)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	switch o.rng.IntN(4) {
	case 0, 1:
		err = os.Truncate(path, o.rng.Int64N(info.Size()+1)/2)
		o.did["torn"]++
	case 2:
		err = os.Remove(path)
		o.did["deleted"]++
	}
	if err != nil {
		o.Fatal(err)
	}
}

// awaitGone waits until there is no such process, or only its remains.
func awaitGone(t testing.TB, pid int) {
	t.Helper()
	eventually(t, "the program dies with its engine", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || strings.Contains(string(stat), ") Z ")
	})
}
