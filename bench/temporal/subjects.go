package main

import (
	"context"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.temporal.io/server/common/dynamicconfig"

	"github.com/durable-wf/wf/bench/subject"
)

const module = "go.temporal.io/server"

// subjects returns the development server as it is, tuned, and tuned with local activities.
func subjects() []subject.Subject {
	tuned, local := tunedSetup(), tunedSetup()
	local.local = true
	return []subject.Subject{
		{
			Key: "temporal", Engine: "Temporal", Config: "development server, SQLite in a file, default", Module: module, Default: true,
			Caveats: caveats(), Open: opener(defaultSetup()), Sizes: sizes(),
		},
		{
			Key: "temporal-tuned", Engine: "Temporal", Config: "SQLite at WAL and FULL, eager starts, time-outs of 5 s", Module: module,
			Open: opener(tuned), Sizes: sizesTuned(),
		},
		{
			Key: "temporal-local", Engine: "Temporal", Config: "the same, steps are local activities", Module: module,
			Open: opener(local), Sizes: sizesLocal(), Unable: map[string]string{"sleepers": "runs sleep as in temporal-tuned: their steps come later"},
		},
	}
}

// setup is what the configurations differ in.
type setup struct {
	attributes   map[string]string
	dynamic      dynamicconfig.StaticClient
	worker       worker.Options
	activity     time.Duration // how long an activity may take before it is given to another worker
	task         time.Duration // the same of a workflow task; 0 means the server's 10 s
	eager, local bool
}

// defaultSetup sets nothing that has a default. That of an activity has none: 10 s is what the SDK's samples have.
func defaultSetup() setup { return setup{activity: 10 * time.Second} }

// tunedSetup is for one process that has the server to itself.
func tunedSetup() setup {
	const timeout = 5 * time.Second
	return setup{
		attributes: map[string]string{"journal_mode": "wal", "synchronous": "2", "wal_autocheckpoint": "4096"},
		dynamic: dynamicconfig.StaticClient{
			dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
			dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		},
		worker: worker.Options{
			MaxConcurrentWorkflowTaskPollers: 10, MaxConcurrentActivityTaskPollers: 10,
			MaxConcurrentActivityExecutionSize: 2000, MaxConcurrentWorkflowTaskExecutionSize: 2000,
			StickyScheduleToStartTimeout: time.Second,
		},
		activity: timeout, task: timeout, eager: true,
	}
}

func opener(s setup) func(context.Context, subject.Options) (subject.System, error) {
	return func(ctx context.Context, o subject.Options) (subject.System, error) { return open(ctx, o, s) }
}

// stepOptions are those of a step.
func (s setup) stepOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: s.activity})
}

func (s setup) localStepOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: s.activity})
}
