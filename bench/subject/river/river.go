// Package river is River on SQLite as a subject: as its documentation opens it, and tuned. A run is a job that saves its
// position and state after each step, before the next begins.
package river

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver that River's documentation opens

	"github.com/durable-wf/wf/bench/subject"
)

const module = "github.com/riverqueue/river"

// Subjects returns the configurations of River.
func Subjects() []subject.Subject {
	const rescue = "the job of a killed process is rescued after an hour"
	return []subject.Subject{
		{
			Key: "river", Engine: "River", Config: "SQLite, as documented", Module: module, Default: true, Open: openStock,
			Sizes: map[string]int{
				"seq": 1000, "many100": 200, "many1000": 200, "startlat": 10, "long": 1000, "sleepers": 200_000, "growth": 20,
			},
			Unable:  map[string]string{"recover": rescue, "resume": rescue},
			Caveats: caveats(),
		},
		{
			Key: "river-tuned", Engine: "River", Config: "SQLite in WAL, tuned", Module: module, Open: openTuned,
			Sizes: map[string]int{
				"seq": 2000, "many100": 1000, "many1000": 1000, "startlat": 300, "long": 3000, "resume": 1000, "sleepers": 200_000,
				"growth": 60,
			},
		},
	}
}

func caveats() []string {
	return []string{
		"**River** is a queue of jobs. A run is a job with a resumable step that saves its cursor, the run's state, in a transaction after each of " +
			"our steps (`ResumableSetStepCursorTx`): without, River records it when the attempt ends, and a crash repeats all. " +
			"As its documentation opens it, SQLite keeps a rollback journal, flushed four times per commit, and jobs are completed in batches up " +
			"to 250 ms later. Tuned means WAL at `synchronous=FULL`, a look at the queue every millisecond, which costs CPU while idle, too, a job " +
			"completed by the transaction of its last step, and jobs that are started at the same time inserted by one statement. The pool is " +
			"one connection in both, as documented. River keeps no record of past steps: bytes per step are those of the job, divided.",
		"River rescues the jobs of a dead worker after an hour, so recovery is measured only in the tuned configuration, with jobs that may " +
			"take ten seconds at most; then, too, the dead worker's leadership has to expire first, which takes fifteen seconds. A run that sleeps is a " +
			"job that is scheduled for later. River has no messages to jobs; jobs that wait for others are part of River Pro.",
	}
}

// client is River in this process.
type client = riverqueue.Client[*sql.Tx]

type system struct {
	db     *sql.DB
	client *client
	step   func(ctx context.Context, run string, i int) (int64, error)
	inTx   bool // a job is completed by the transaction of its last step; if not, River completes it a little later
	starts *inserter

	mu   sync.Mutex // guards runs
	runs map[string]*run
}

// openStock opens River as its documentation begins: one connection, no pragma, 100 workers.
func openStock(ctx context.Context, o subject.Options) (subject.System, error) {
	db, err := sql.Open("sqlite", filepath.Join(o.Dir, "river.db"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &system{db: db, step: o.Step}
	return s, s.start(ctx, &riverqueue.Config{Queues: queue(100)})
}

// openTuned opens River for short waits: it looks for jobs as often as it can, jobs are completed with their last step,
// and those that are started at the same time are inserted together.
func openTuned(ctx context.Context, o subject.Options) (subject.System, error) {
	path := filepath.Join(o.Dir, "river.db")
	_, err := os.Stat(path + "-wal")
	killed := err == nil // the process that has left it
	db, err := subject.Pool(path, 1, "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	cfg := &riverqueue.Config{
		Queues: queue(o.InFlight), FetchCooldown: time.Millisecond, FetchPollInterval: time.Millisecond, JobTimeout: -1,
	}
	if killed {
		const longest = 10 * time.Second // a job takes; sooner would be of no use, before the leadership has expired
		cfg.JobTimeout, cfg.RescueStuckJobsAfter, cfg.RetryPolicy = longest, longest, atOnce{}
	}
	s := &system{db: db, step: o.Step, inTx: true}
	if err := s.start(ctx, cfg); err != nil {
		return nil, err
	}
	s.starts = insertTogether(s.client)
	return s, nil
}

func queue(workers int) map[string]riverqueue.QueueConfig {
	return map[string]riverqueue.QueueConfig{riverqueue.QueueDefault: {MaxWorkers: workers}}
}

// start migrates the database and starts the workers.
func (s *system) start(ctx context.Context, cfg *riverqueue.Config) error {
	ctx = context.WithoutCancel(ctx) // Close ends it
	s.runs = map[string]*run{}
	driver := riversqlite.New(s.db)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	cfg.Workers = riverqueue.NewWorkers()
	riverqueue.AddWorker(cfg.Workers, &worker{sys: s})
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if s.client, err = riverqueue.NewClient(driver, cfg); err != nil {
		return err
	}
	events, _ := s.client.SubscribeConfig(&riverqueue.SubscribeConfig{
		ChanSize: eventBuffer, Kinds: []riverqueue.EventKind{riverqueue.EventKindJobCompleted},
	})
	go s.listen(events) // until the client has stopped and closes the channel
	return s.client.Start(ctx)
}

func (s *system) Durability(ctx context.Context) (string, error) {
	return subject.PoolPragmas(ctx, s.db)
}

func (s *system) Close(ctx context.Context) error {
	if s.starts != nil {
		s.starts.stop()
	}
	return errors.Join(s.client.StopAndCancel(ctx), s.db.Close())
}
