package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// Create inserts a run in the transaction: it is there if the transaction is committed. A key that is
// taken, also by a run of this transaction, is a *KeyError, as from Store.Create, and undoes nothing. The
// state is stored in the row whatever its size, so that nothing waits for a file.
func (u *UserTx) Create(c *Create) (Run, error) {
	r := &request{create: c}
	err := u.own(func() error {
		if err := u.b.create([]*request{r}); err != nil {
			return err
		}
		u.wakes = u.wakes || r.err == nil
		return nil
	})
	if err = cmp.Or(err, r.err); err != nil {
		return Run{}, err
	}
	return r.made(), nil
}

// Head returns a run as it is in the transaction, without its payloads, or ErrNotFound.
func (u *UserTx) Head(id int64) (run Run, err error) {
	err = u.own(func() error {
		run, err = u.b.head(id)
		return err
	})
	return run, err
}

// Deliver is Tx.Deliver for user SQL: the signal is there if the transaction is committed.
func (u *UserTx) Deliver(sig Signal) error {
	return u.own(func() error {
		err := u.b.deliver(sig)
		u.wakes = u.wakes || err == nil
		return err
	})
}

// RunByUUID returns a run as it is in the transaction, or ErrNotFound.
func (u *UserTx) RunByUUID(uuid string) (run Run, err error) {
	err = u.own(func() error {
		var id int64
		row := u.w.conn.QueryRowContext(context.Background(), queries.RunByUUID, sql.Named("prefix", uuid))
		if err := row.Scan(&id); err != nil {
			return err
		}
		run, err = scanRun(u.w.stmts.runGet.QueryRowContext(context.Background(), sql.Named("id", id)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("run with UUID %q: %w", uuid, ErrNotFound)
	}
	u.w.store.loadRun(&run)
	return run, err
}

// SetValue sets the value of the change's recorded call, which the function has made.
func (u *UserTx) SetValue(p Payload, checksum uint32) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.over {
		return errTxOver
	}
	u.value = value{p, checksum}
	return nil
}

// own runs statements of the store's own, which the authorizer must not see as the user's. If one of
// them fails, something may be half done, and the transaction cannot succeed.
func (u *UserTx) own(statements func() error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.over {
		return errTxOver
	}
	u.w.user.Store(false)
	defer u.w.user.Store(true)
	err := statements()
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrEnded) {
		u.spoilt = err
		u.examine(err)
	}
	return err
}
