package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"sync"

	"github.com/durable-wf/wf/engine"
)

// Shards are several files, each with an engine of its own, that share the runs by the hash of their keys. Each file
// has a writer and syncs for itself. Their number must stay the same as long as keys are to find their runs.
type Shards []*engine.Engine

// Open opens or creates n files in a folder. A program that begins with fewer finds other shards for the same keys.
func Open(ctx context.Context, dir string, n int, defs ...engine.Definition) (Shards, error) {
	shards := make(Shards, 0, n)
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("wf-%02d-of-%02d.db", i, n))
		eng, err := engine.Open(ctx, engine.Config{Path: path}, defs...)
		if err != nil {
			return nil, errors.Join(err, shards.Close())
		}
		shards = append(shards, eng)
	}
	return shards, nil
}

// For returns the engine of the file in which the runs with a key are: start, find and signal them there.
func (s Shards) For(key string) *engine.Engine {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return s[h.Sum32()%uint32(len(s))]
}

// Serve executes the runs of all files until ctx ends, or one of them cannot go on.
func (s Shards) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(s))
	var all sync.WaitGroup
	for i, eng := range s {
		all.Go(func() {
			defer stop()
			errs[i] = eng.Serve(ctx)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Prune removes ended runs from all files, one after the other.
func (s Shards) Prune(ctx context.Context, r engine.Retention) (total engine.Removed, err error) {
	for _, eng := range s {
		removed, err := eng.Prune(ctx, r)
		total.Runs += removed.Runs
		total.Events += removed.Events
		total.Checkpoints += removed.Checkpoints
		total.Bytes += removed.Bytes
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// Close closes all files.
func (s Shards) Close() error {
	var errs []error
	for _, eng := range s {
		errs = append(errs, eng.Close())
	}
	return errors.Join(errs...)
}
