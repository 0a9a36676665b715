// Package dbos is DBOS Transact for Go as a subject: on SQLite as it comes, on SQLite as durable as wf, and on Postgres.
package dbos

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"os"
	"sync"
	"time"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/durable-wf/wf/bench/subject"
)

const module = "github.com/dbos-inc/dbos-transact-golang"

// Subjects returns the configurations of DBOS.
func Subjects() []subject.Subject {
	return []subject.Subject{
		{
			Key: "dbos", Engine: "DBOS", Config: "SQLite, as it comes", Module: module, Default: true, Open: openStock,
			Sizes: sizes(map[string]int{"signal": 10}), Caveats: caveats(),
		},
		{
			Key: "dbos-full", Engine: "DBOS", Config: "SQLite at synchronous=FULL, tuned", Module: module, Open: openFull,
			Sizes: sizes(map[string]int{"signal": 10, "sleepers": 100_000}),
		},
		{
			Key: "dbos-postgres", Engine: "DBOS", Config: "Postgres, both as they come", Module: module, Open: openPostgres,
			Sizes: sizes(map[string]int{"seq": 3000, "long": 5000, "resume": 5000, "signal": 200}),
		},
	}
}

// sizes are those of one configuration, and those that all share.
func sizes(own map[string]int) map[string]int {
	all := map[string]int{"many100": 1000, "many1000": 1000, "fanout": 1000, "growth": 100, "sleepers": 10_000}
	maps.Copy(all, own)
	return all
}

func caveats() []string {
	return []string{
		"**DBOS** on SQLite, as it comes, commits at `synchronous=NORMAL`: a power cut can take steps and runs that it has acknowledged, so " +
			"those figures are for a weaker promise. `synchronous(FULL)` in its URL is not enough: it sets NORMAL on one connection of its pool " +
			"all the same, and what a commit is depends on which it gets. The tuned configuration therefore hands it a pool at FULL, of two " +
			"connections instead of eight, which wait for each other less.",
		"DBOS executes a run where it is started (`RunWorkflow`): its quickest way, and the one measured for runs and for children. A queue " +
			"is looked at once a second by default. On SQLite, `Recv` is, too, and nothing changes that; on Postgres it is notified. " +
			"A run that sleeps is a goroutine; in the tuned configuration it waits in a queue as a row instead, put there with a delay and with a " +
			"thousand others in one transaction, which is possible only before a run's first step. Delays are looked at once a second.",
		"With Postgres, memory and CPU are those of the program without the server, and bytes on disk those of the database without the " +
			"server's write-ahead log. A kill -9 is one of the program; the server goes on.",
	}
}

// system is DBOS in this process.
type system struct {
	step       func(ctx context.Context, run string, i int) (int64, error)
	root       transact.Context
	durability func(ctx context.Context) (string, error)
	release    func() error // closes what the subject has opened for DBOS

	recvEvery time.Duration // how often Recv looks, where it is not notified

	queue string                                         // the queue of children and of runs that sleep: if it is empty, each is a goroutine from the start
	begin func(ctx context.Context) (transaction, error) // in the database of the queue

	level slog.LevelVar // what is told on stderr

	waiting sync.Map // by the run's id, a chan struct{} that is closed when Await's run is about to wait
}

// launch starts DBOS with the workflows and waits until it serves.
func (s *system) launch(ctx context.Context, cfg transact.Config) error {
	cfg.AppName = "bench"
	s.level.Set(slog.LevelError)
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: &s.level}))
	root, err := transact.NewContext(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	s.root = root
	s.register()
	if s.queue != "" {
		if _, err := transact.RegisterQueue(root, s.queue,
			transact.WithQueueBasePollingInterval(pollInterval), transact.WithWorkerConcurrency(concurrency)); err != nil {
			return err
		}
	}
	return transact.Launch(root)
}

func (s *system) Durability(ctx context.Context) (string, error) { return s.durability(ctx) }

func (s *system) Close(context.Context) error {
	s.level.Set(math.MaxInt) // what is under way is cut off, and says so
	return errors.Join(transact.Shutdown(s.root, 10*time.Second), s.release())
}
