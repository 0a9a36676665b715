package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

const (
	traceLimit = 5 * time.Second        // how long Config.Provenance may take
	traceGrace = 500 * time.Millisecond // of it, once Close has begun
)

// trace records where this worker comes from. That is for people: without it everything works.
func (e *Engine) trace(worker int64) {
	if e.cfg.Provenance == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.life), traceLimit)
	defer cancel()
	stop := context.AfterFunc(e.life, func() {
		time.AfterFunc(traceGrace, cancel)
	})
	defer stop()
	e.cfg.Provenance(ctx, func(doc json.RawMessage) {
		if !json.Valid(doc) {
			e.log.Error("provenance is no JSON", "worker", worker)
			return
		}
		err := e.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.TraceWorker(worker, string(doc)) })
		if err != nil {
			e.log.Warn("recording the provenance", "worker", worker, "error", err)
		}
	})
}

// Provenance returns what the process that owns a run, or has owned it last, has told of itself with
// [Config.Provenance]: nil if it has told nothing, if nobody has executed the run yet, or if its history was deleted. The
// worker is known by its number alone.
func (e *Engine) Provenance(ctx context.Context, run int64) (worker int64, doc json.RawMessage, err error) {
	worker, err = e.store.NewestWorker(ctx, run)
	if err != nil || worker == 0 {
		return 0, nil, err
	}
	doc, err = e.WorkerProvenance(ctx, worker)
	return worker, doc, err
}

// WorkerProvenance returns what a worker has told of itself: nil for nothing, or if it is not known any more.
func (e *Engine) WorkerProvenance(ctx context.Context, worker int64) (json.RawMessage, error) {
	text, err := e.store.Provenance(ctx, worker)
	if err != nil || text == "" {
		return nil, err
	}
	return json.RawMessage(text), nil
}
