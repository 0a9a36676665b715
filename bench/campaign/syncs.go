package campaign

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// Runs of two lengths, so that what is synced at the beginning and at the end does not count.
const (
	fewSteps  = 10
	moreSteps = 60
)

// countSyncs counts how often a sequential step of each subject waits for the disk, with strace if that is there.
// Servers that the subject's process has started count, too.
func (c *Campaign) countSyncs(ctx context.Context, subjects []trial.Description) {
	for i := range subjects {
		delete(c.file.Syncs, subjects[i].Key) // they are those of another campaign
	}
	strace, err := exec.LookPath("strace")
	if err != nil || c.NoSyncs {
		return
	}
	if c.file.Syncs == nil {
		c.file.Syncs = map[string]float64{}
	}
	for i := range subjects {
		d := &subjects[i]
		few, err := c.syncs(ctx, strace, d, fewSteps)
		var more int
		if err == nil {
			more, err = c.syncs(ctx, strace, d, moreSteps)
		}
		if err != nil {
			fmt.Fprintf(c.Log, "syncs of %s are not counted: %v\n", d.Key, err)
			continue
		}
		c.file.Syncs[d.Key] = float64(more-few) / float64(workload.SeqSteps(moreSteps)-workload.SeqSteps(fewSteps))
		fmt.Fprintf(c.Log, "%-14s %.2f syncs per step\n", d.Key, c.file.Syncs[d.Key])
	}
}

func (c *Campaign) syncs(ctx context.Context, strace string, d *trial.Description, steps int) (int, error) {
	dir, err := os.MkdirTemp(c.dir, "syncs-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // c.dir goes, too
	data, trace := filepath.Join(dir, "data"), filepath.Join(dir, "trace")
	if err := os.Mkdir(data, 0o755); err != nil { //nolint:gosec // a server may be another user
		return 0, err
	}
	spec := trial.Spec{Subject: d.Key, Workload: "seq", Size: steps, Dir: data}
	command := append([]string{strace, "-f", "-qq", "-e", "trace=fsync,fdatasync,msync,sync_file_range", "-o", trace, c.programs.paths[d.Key]}, spec.Args()...)
	var ignored results.Trial
	if _, err := runPhase(ctx, command, &ignored); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(trace)
	return bytes.Count(text, []byte("sync(")) + bytes.Count(text, []byte("sync_file_range(")), err
}
