package wf

import (
	"context"
	"fmt"
	"time"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/engine"
)

func (s *system) Await(ctx context.Context, id string) (subject.Run, error) {
	r, err := waiter.Start(ctx, s.eng, state{ID: id, Steps: 1}, nil)
	for err == nil && r.Status != engine.Waiting {
		time.Sleep(200 * time.Microsecond)
		r, err = s.eng.Get(ctx, r.ID)
	}
	return run{s.eng, r.ID}, err
}

func (s *system) Signal(ctx context.Context, r subject.Run) error {
	return released.Send(ctx, s.eng, r.(run).id, true, nil)
}

// perTx is how many runs one transaction starts.
const perTx = 1000

func (s *system) Sleep(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	for first := 0; first < n; first += perTx {
		err := s.eng.Tx(ctx, func(_ context.Context, tx engine.Tx) error {
			for i := first; i < min(n, first+perTx); i++ {
				if _, err := count.StartTx(tx, state{ID: id(i), Steps: 1}, sleepUntil(due(i))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("start of sleeping runs from %d on: %w", first, err)
		}
	}
	return nil
}

func (s *system) Spawn(ctx context.Context, _ string, n int) (subject.Run, error) {
	r, err := parent.Start(ctx, s.eng, family{Children: n}, nil)
	return run{s.eng, r.ID}, err
}

func (s *system) Completed(ctx context.Context) (int, error) {
	t, err := s.eng.Query(ctx, "SELECT count(*) FROM wf_runs WHERE status = 'completed' AND parent IS NULL", 1)
	if err != nil {
		return 0, err
	}
	return int(t.Rows[0][0].(int64)), nil
}

func (s *system) Prune(ctx context.Context) error {
	_, err := s.eng.Prune(ctx, engine.Retention{})
	return err
}
