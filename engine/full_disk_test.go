package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

// What only changes what is there goes on when the disk is full: the log, which would have to grow, is started again. What
// needs room is refused, and loses nothing.
func TestFullDiskTakesWhatNeedsNoRoom(t *testing.T) {
	t.Parallel()
	disk := peer.NewDisk(t, 8)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, args := disk.Command(exe, disk.Dir)
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), roleEnv+"=steady")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "all is well\n") {
		t.Errorf("on the full disk: %v\n%s", err, out)
	}
}

// playSteady changes the limit of a queue many times on a disk of 8 MB, and then fills the database.
func playSteady(disk string) error {
	ctx := context.Background()
	path, filler := filepath.Join(disk, "wf.db"), filepath.Join(disk, "filler")
	limit := func(eng *engine.Engine, times int) error {
		for i := range times {
			if _, err := eng.SetQueue(ctx, "q", engine.QueueOptions{Concurrency: &i}); err != nil {
				return fmt.Errorf("after %d times: %w", i, err)
			}
		}
		return nil
	}
	open := func() (*engine.Engine, error) { return engine.Open(ctx, engine.Config{Path: path}, fieldTo(nil)) }
	eng, err := open()
	if err == nil {
		err = errors.Join(limit(eng, 1), eng.Close()) // writes the log back
	}
	if err != nil {
		return err
	}
	if eng, err = open(); err != nil {
		return err
	}
	if err := limit(eng, 20); err != nil {
		return err
	}
	if err := os.WriteFile(filler, make([]byte, 8<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk is not full: %w", err)
	}
	if err := limit(eng, 300); err != nil {
		return fmt.Errorf("on the full disk: %w", err)
	}
	started := 0
	for ; err == nil && started < 10_000; started++ {
		_, err = fields.Start(ctx, eng, field{N: 1}, nil)
	}
	if !errors.Is(err, engine.ErrFull) {
		return fmt.Errorf("%d runs were started on the full disk: %w", started, err)
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	run, err := fields.Start(ctx, eng, field{N: 1}, nil)
	if err != nil || run.ID != int64(started) {
		return fmt.Errorf("with room again: run %d after %d, %w", run.ID, started, err)
	}
	fmt.Println("all is well")
	return eng.Close()
}
