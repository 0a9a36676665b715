// Package goworkflows is github.com/cschleiden/go-workflows with its SQLite backend.
package goworkflows

import (
	"context"
	"log/slog"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/backend/monoprocess"
	"github.com/cschleiden/go-workflows/backend/sqlite"
	"github.com/cschleiden/go-workflows/worker"

	"github.com/durable-wf/wf/bench/subject"
)

const module = "github.com/cschleiden/go-workflows"

// Subjects returns go-workflows as its README sets it up, and tuned.
func Subjects() []subject.Subject {
	return []subject.Subject{
		{
			Key: "goworkflows", Engine: "go-workflows", Config: "SQLite, default", Module: module, Default: true,
			Caveats: caveats(), Open: openDefault, Sizes: sizesDefault(),
		},
		{
			Key: "goworkflows-tuned", Engine: "go-workflows",
			Config: "SQLite, woken within the process, locks of 5 s", Module: module,
			Open: openTuned, Sizes: sizesTuned(),
		},
	}
}

// openDefault sets all up as the README does. A log to nowhere is the only addition.
func openDefault(ctx context.Context, o subject.Options) (subject.System, error) {
	file := sqlite.NewSqliteBackend(path(o), sqlite.WithBackendOptions(backend.WithLogger(quiet())))
	return open(ctx, o, setup{pool: file, backend: file, options: worker.DefaultOptions})
}

// A killed worker keeps its tasks for lockTimeout. A living one extends its locks after extendAfter; each is a commit.
const (
	lockTimeout = 5 * time.Second
	extendAfter = 2 * time.Second
)

// openTuned does what one process that has the file to itself can do: the library's own wrapper that wakes workers
// rather than letting them poll, a cache that holds all runs in flight, no limit of the history, the log of the
// database copied every 16 MB, and the same name after a crash, so that what stuck to the dead worker is not kept from the new one.
func openTuned(ctx context.Context, o subject.Options) (subject.System, error) {
	file := sqlite.NewSqliteBackend(path(o)+"?_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4096)",
		sqlite.WithBackendOptions(
			backend.WithLogger(quiet()), backend.WithWorkerName("bench"), backend.WithMaxHistorySize(1e9),
			backend.WithWorkflowLockTimeout(lockTimeout), backend.WithActivityLockTimeout(lockTimeout),
		))
	opts := worker.DefaultOptions
	opts.WorkflowExecutorCacheSize = max(1000, 4*o.InFlight)
	opts.WorkflowExecutorCacheTTL = 5 * time.Minute
	opts.WorkflowPollingInterval, opts.ActivityPollingInterval = time.Millisecond, time.Millisecond
	opts.WorkflowHeartbeatInterval, opts.ActivityHeartbeatInterval = extendAfter, extendAfter
	return open(ctx, o, setup{pool: file, backend: newNotifying(monoprocess.NewMonoprocessBackend(file)), options: opts})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
