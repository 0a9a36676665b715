package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// phaseLimit is after which time a phase is killed.
const phaseLimit = 5 * time.Minute

// quickPatience is for what may never come: a lock of a killed process that expires in an hour, say.
const quickPatience = 4 * time.Second

// trialOf runs all phases of a workload on a subject, in a folder of its own. What goes wrong is in the result.
func (c *Campaign) trialOf(ctx context.Context, d *trial.Description, w *workload.Workload, rep int) results.Trial {
	res := results.Trial{Subject: d.Key, Workload: w.Name, Rep: rep, Size: c.size(d, w), Sample: map[string]float64{}}
	if reason := d.Unable[w.Name]; reason != "" {
		res.Unable = reason
		return res
	}
	begun := time.Now()
	dir, err := os.MkdirTemp(c.dir, d.Key+"-"+w.Name+"-")
	if err == nil {
		err = c.phases(ctx, d, w, dir, &res)
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		res.Error = strings.TrimSpace(folders().ReplaceAllString(err.Error(), ""))
	}
	res.Took = time.Since(begun)
	return res
}

// folders match absolute paths but for their last part: nobody else has them.
func folders() *regexp.Regexp { return regexp.MustCompile(`(?:/[^\s/:"]+)+/`) }

func (c *Campaign) phases(ctx context.Context, d *trial.Description, w *workload.Workload, dir string, res *results.Trial) error {
	for phase := range w.Phases {
		spec := trial.Spec{
			Subject: d.Key, Workload: w.Name, Phase: phase, Size: res.Size, Dir: dir,
			Begun: time.Now().UnixNano(), Before: res.Sample,
		}
		if c.Quick {
			spec.Patience = quickPatience
		}
		out, err := runPhase(ctx, append([]string{c.programs.paths[d.Key]}, spec.Args()...), res)
		if err != nil {
			return fmt.Errorf("phase %d: %w", phase, err)
		}
		maps.Copy(res.Sample, out.Sample)
		if out.Durability != "" {
			res.Durability = out.Durability
		}
		res.Unable, res.GaveUp = out.Unable, out.GaveUp
		if res.Unable != "" || res.GaveUp != "" {
			return nil
		}
	}
	return nil
}

// runPhase runs a process and reads what it prints. One that is killed after it has printed may have meant to be.
func runPhase(ctx context.Context, command []string, res *results.Trial) (*trial.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, phaseLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if s := cmd.ProcessState; s != nil {
		res.CPU += s.UserTime() + s.SystemTime()
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("stopped after %v: %w", phaseLimit, ctx.Err())
	}
	if err != nil && (!bySIGKILL(err) || stdout.Len() == 0) {
		return nil, fmt.Errorf("%w: %s", err, lastLines(stderr.String()))
	}
	var out trial.Result
	if err := json.Unmarshal(lastLine(stdout.Bytes()), &out); err != nil {
		return nil, fmt.Errorf("printed %q: %w", stdout.String(), err)
	}
	return &out, nil
}

func bySIGKILL(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// lastLine is the result; an engine may print before it.
func lastLine(out []byte) []byte {
	out = bytes.TrimSpace(out)
	return out[bytes.LastIndexByte(out, '\n')+1:]
}

// lastLines is the end of what a program has complained about.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if i := len(lines) - 1; strings.HasPrefix(lines[i], "error: ") {
		return strings.TrimPrefix(lines[i], "error: ")
	}
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
