// Package wf is our own engine as a subject.
package wf

import (
	"context"
	"path/filepath"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/engine"
)

// Subjects returns wf as it is by default. There is nothing to tune, but for the pure steps that an author may declare.
func Subjects() []subject.Subject {
	return []subject.Subject{{
		Key: "wf", Engine: "wf", Config: "default", Module: "github.com/durable-wf/wf", Default: true, Pure: true, Open: open,
		Caveats: []string{"**wf** has as many workers as the workload has runs in flight; after a kill, and in all else, it is as it comes, with 16 workers."},
	}}
}

type system struct {
	eng    *engine.Engine
	cancel context.CancelFunc
	served chan error
}

func open(ctx context.Context, o subject.Options) (subject.System, error) {
	cfg := engine.Config{Path: filepath.Join(o.Dir, "wf.db"), Workers: o.InFlight}
	eng, err := engine.Open(ctx, cfg, definitions(o.Step)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &system{eng: eng, cancel: cancel, served: make(chan error, 1)}
	go func() { s.served <- eng.Serve(ctx) }()
	return s, nil
}

func (s *system) Close(context.Context) error {
	s.cancel()
	err := <-s.served
	if closed := s.eng.Close(); err == nil {
		err = closed
	}
	return err
}

// Durability reads the pragmas in a transaction of the connection that commits.
func (s *system) Durability(ctx context.Context) (text string, err error) {
	err = s.eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error {
		text, err = subject.Pragmas(ctx, tx)
		return err
	})
	return text, err
}

type run struct {
	eng *engine.Engine
	id  int64
}

func (r run) Wait(ctx context.Context) (int64, error) { return count.Wait(ctx, r.eng, r.id) }

func (s *system) Start(ctx context.Context, id string, shape subject.Shape) (subject.Run, error) {
	name, begin := of(id, shape)
	r, err := name.Start(ctx, s.eng, begin, nil)
	return run{s.eng, r.ID}, err
}

func (s *system) Execute(ctx context.Context, id string, shape subject.Shape) (int64, error) {
	name, begin := of(id, shape)
	return name.Run(ctx, s.eng, begin, nil)
}
