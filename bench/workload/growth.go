package workload

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/durable-wf/wf/bench/subject"
)

const growthSteps = 50

// growth is what the past of runs takes on disk.
func growth() Workload {
	return Workload{
		Name: "growth", Title: "Bytes on disk",
		Doc: fmt.Sprintf("N runs of %d steps are completed and the engine is closed: bytes on disk per step, without those of an empty database. "+
			"Then all of them are removed by the engine's own means: what is left, per step.", growthSteps),
		Size: 400, Quick: 2, InFlight: 100, Reps: 1,
		Metrics: []Metric{{Name: "kept", Unit: "bytes", Label: "per step", Less: true}, {Name: "left", Unit: "bytes", Label: "left after removal", Less: true}},
		Phases:  []Phase{emptySize, fill, empty},
	}
}

func emptySize(ctx context.Context, t *Trial) (Sample, error) {
	return sized(ctx, t, "empty", func(subject.System) error { return nil })
}

func fill(ctx context.Context, t *Trial) (Sample, error) {
	return sized(ctx, t, "kept", func(sys subject.System) error {
		return fleet(ctx, t.Size, t.Options.InFlight, func(ctx context.Context, i int) error {
			return startAndWait(ctx, sys, fmt.Sprintf("run-%d", i), subject.Shape{Steps: growthSteps})
		})
	})
}

func empty(ctx context.Context, t *Trial) (Sample, error) {
	return sized(ctx, t, "left", func(sys subject.System) error {
		if p, ok := sys.(subject.Pruner); ok {
			return p.Prune(ctx)
		}
		return nil
	})
}

// sized does something and then measures what is on disk, per step.
func sized(ctx context.Context, t *Trial, name string, do func(subject.System) error) (Sample, error) {
	bytes := int64(-1)
	_, err := t.measure(ctx, func(sys subject.System) (Sample, error) {
		if err := do(sys); err != nil {
			return nil, err
		}
		s, ok := sys.(subject.Sizer)
		if !ok {
			return nil, nil
		}
		var err error
		bytes, err = s.Bytes(ctx)
		return nil, err
	})
	if err == nil && bytes < 0 {
		bytes, err = folderSize(t.Options.Dir)
	}
	return Sample{name: float64(bytes)/float64(t.Size*growthSteps) - t.Before["empty"]}, err
}

func folderSize(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		facts, err := entry.Info()
		if err == nil {
			total += facts.Size()
		}
		return err
	})
	return total, err
}
