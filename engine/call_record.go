package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// record commits the result of a call.
func (c *call) record(v any, took time.Duration) error {
	value, err := c.encodeResult(v)
	if err != nil {
		return c.failed(err)
	}
	return c.commit(Record{Name: c.name, N: c.n, Value: value, Random: c.randomState(), Took: took, Tries: c.tries})
}

func (c *call) encodeResult(v any) (Payload, error) {
	value, err := codec.Encode(c.format, v)
	if err != nil {
		return value, Permanent(fmt.Errorf("result: %w", err))
	}
	return value, nil
}

// commit hands a record to the host and waits until it is durable. An error of the call's own SQL is the
// call's; after any other, nothing of the attempt counts any more.
func (c *call) commit(rec Record) error {
	committed := make(chan error, 1)
	if err := c.submit(rec, func(err error) { committed <- err }); err != nil {
		return err
	}
	err := <-committed
	if failed, ok := errors.AsType[*TxError](err); ok {
		_ = c.mayCall() // it may have failed because the run has to stop: then it is no answer
		return c.failed(failed.Err)
	}
	if err != nil {
		return c.refuse(err)
	}
	c.finished()
	return nil
}

// submit hands a record to the host, unless nothing of this attempt counts any more. What was saved before
// it is submitted first: a checkpoint deletes the records that its counters cover, and must not meet a
// later one.
func (a *attempt) submit(rec Record, done func(error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.ended.Load():
		return ErrAttemptEnded
	case a.refused != nil:
		return a.refused
	}
	a.saver.push()
	a.host.Record(rec, done)
	return nil
}

// callDetail is the detail of the history row of a recorded call.
func callDetail(r Record) string {
	if r.Tries > 1 {
		return detail("call", r.Name, "n", r.N, "tries", int64(r.Tries))
	}
	return detail("call", r.Name, "n", r.N)
}
