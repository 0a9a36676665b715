package raw

import (
	"context"
	"fmt"
	"time"
)

// Group executes cohorts of perCommit runs side by side: a commit starts all of them, and each further one makes a
// step of each. So each commit has perCommit changes.
func (s *system) Group(ctx context.Context, runs, steps, perCommit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for first := 0; first < runs; first += perCommit {
		if err := s.cohort(ctx, first, min(perCommit, runs-first), steps); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) cohort(ctx context.Context, first, n, steps int) error {
	rows := make([]row, n)
	err := s.conn.together(ctx, func() (err error) {
		now := time.Now()
		for i := range rows {
			if rows[i], err = s.conn.create(ctx, fmt.Sprintf("group-%d", first+i), now); err != nil {
				return err
			}
		}
		return nil
	})
	for step := 0; err == nil && step < steps; step++ {
		err = s.conn.together(ctx, func() error {
			for i := range rows {
				begun := time.Now()
				effect, err := s.opts.Step(ctx, "", step)
				if err != nil {
					return err
				}
				rows[i].total += effect
				if err := s.conn.write(ctx, &rows[i], begun, step == steps-1); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// together does what fn does in one transaction.
func (c *conn) together(ctx context.Context, fn func() error) error {
	if _, err := c.begin.ExecContext(ctx); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err // the trial is over: no rollback
	}
	_, err := c.commit.ExecContext(ctx)
	return err
}

// Prune deletes what there is and gives the space back.
func (s *system) Prune(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range []string{"DELETE FROM history", "DELETE FROM runs", "VACUUM"} {
		if _, err := s.conn.sql.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
