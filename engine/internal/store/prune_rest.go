package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	queries "github.com/durable-wf/wf/sql"
)

// pruneRest deletes what no run needs any more: leftovers, keys that have outlived their runs long enough,
// workers that nothing names, files, folders of runs, and what processes have left that died. It gives back what space
// is not in use.
func (s *Store) pruneRest(ctx context.Context, r *Retention) (PruneResult, error) {
	var total PruneResult
	if r.DryRun {
		var err error
		total.Keys, err = get[int64](ctx, s, "keys to prune", queries.PruneKeysCount, sql.Named("key_before_us", r.KeyBeforeUS))
		return total, err
	}
	left, err := (&sweeper{store: s}).sweep(ctx)
	total.Bytes += left.Bytes // its rows were counted with the runs
	if err != nil {
		return total, err
	}
	keys, err := s.pruneKeys(ctx, r)
	total.add(keys)
	if err != nil {
		return total, err
	}
	err = s.Update(ctx, func(tx *Tx) (err error) {
		total.Workers, err = tx.exec(queries.PruneWorkers, sql.Named("ended_before_us", r.EndedBeforeUS))
		return err
	})
	if err != nil {
		return total, err
	}
	space, err := s.giveBack(ctx)
	total.add(space)
	if err != nil {
		return total, err
	}
	if _, err = s.Collect(ctx); err != nil {
		return total, err
	}
	return total, errors.Join(s.removeFolders(ctx), s.removeWorkspaces())
}

// keyed is a row of wf_keys by its primary key.
type keyed struct {
	Workflow string `db:"workflow"`
	Key      string `db:"key"`
}

// pruneKeys looks for keys page by page, so that nobody waits while it does, and deletes what it has found.
func (s *Store) pruneKeys(ctx context.Context, r *Retention) (total PruneResult, err error) {
	if r.KeyBeforeUS == 0 {
		return total, nil
	}
	var p pace
	for last := (keyed{}); ; {
		page, err := list[keyed](ctx, s, "keys to prune", queries.PruneKeysFind, sql.Named("workflow", last.Workflow),
			sql.Named("key", last.Key), sql.Named("key_before_us", r.KeyBeforeUS), sql.Named("limit", prunePage))
		if err != nil || len(page) == 0 {
			return total, err
		}
		for last = page[len(page)-1]; len(page) > 0; {
			n := min(p.size(), len(page))
			keys, err := jsonKeys(page[:n])
			if err != nil {
				return total, err
			}
			result, err := s.paced(ctx, &p, func(tx *Tx) (result PruneResult, err error) {
				result.Keys, err = tx.exec(queries.PruneKeys, keys, sql.Named("key_before_us", r.KeyBeforeUS))
				return result, err
			})
			total.add(result)
			if err != nil {
				return total, err
			}
			page = page[n:]
		}
	}
}

func jsonKeys(page []keyed) (sql.NamedArg, error) {
	pairs := make([][2]string, len(page))
	for i, k := range page {
		pairs[i] = [2]string{k.Workflow, k.Key}
	}
	text, err := json.Marshal(pairs)
	return sql.Named("keys", string(text)), err
}
