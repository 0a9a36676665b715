package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// ErrEnded says that a run has ended, and so takes no signal.
var ErrEnded = errors.New("the run has ended")

// Deliver puts a signal into a run's mailbox and, if the run waits for it, makes the run go on. A signal
// with the key of one that has come before changes nothing. It returns ErrNotFound or ErrEnded.
func (tx *Tx) Deliver(sig Signal) error {
	err := tx.b.deliver(sig)
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrEnded) {
		tx.failed = err
	}
	return err
}

// SignalOf returns the signal that has led to a step visit of a run, or ErrNotFound.
func (s *Store) SignalOf(ctx context.Context, run, visit int64) (Signal, error) {
	return get[Signal](ctx, s, fmt.Sprintf("signal of run %d", run), queries.SignalOf, sql.Named("run", run), sql.Named("visit", visit))
}

// Signals returns a page of a run's mailbox, oldest first, after the signal with that id.
func (s *Store) Signals(ctx context.Context, run, after int64, limit int) ([]Signal, error) {
	return list[Signal](ctx, s, fmt.Sprintf("signals of run %d", run), queries.SignalList,
		sql.Named("run", run), sql.Named("after", after), sql.Named("limit", limit))
}

func (b *batch) deliver(sig Signal) error {
	run, err := b.head(sig.Run)
	if err != nil {
		return err
	}
	if hasEnded(run.Status) {
		return fmt.Errorf("run %d: %w: %s", run.ID, ErrEnded, run.Status)
	}
	b.mailed = true
	res, err := b.w.stmts.signalInsert.ExecContext(context.Background(), sig.Run, sig.Name, nullText(sig.Key), b.now,
		nullText(sig.Sender), sig.Value.Codec, int64(sig.Checksum), sig.Value.column())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 || run.Status != "waiting" {
		return err
	}
	wait, err := run.Waits()
	if err != nil || wait.door(sig.Name) == nil {
		return nil //nolint:nilerr // a run whose wait does not decode is blocked when it is claimed; the signal is kept
	}
	if sig.ID, err = res.LastInsertId(); err != nil {
		return err
	}
	return b.consume(&run, wait.door(sig.Name), sig)
}

// consume gives a signal to a waiting run, which goes on through the door.
func (b *batch) consume(run *Run, door *Door, sig Signal) error {
	if err := b.takeSignal(sig.ID, run.ID, run.Visit); err != nil {
		return err
	}
	return b.wake(run, door, signalEvent(run, door, sig))
}

func (b *batch) takeSignal(id, run, visit int64) error {
	if err := b.w.exec(b.w.stmts.signalTake, id, visit); err != nil {
		return err
	}
	return b.w.exec(b.w.stmts.signalSpend, run, visit)
}

func signalEvent(run *Run, door *Door, sig Signal) History {
	detail := fmt.Sprintf(`{"signal":%s,"id":%d,"from":%s}`, quoted(sig.Name), sig.ID, jsonOr(sig.Sender, "null"))
	return History{Kind: "signal", Step: run.Step, Next: door.Step, Visit: run.Visit, DurationUS: -1, Detail: detail}
}

// nextSignal returns the oldest signal in a run's mailbox that one of the doors takes.
func (b *batch) nextSignal(run int64, wait *Wait) (Signal, bool, error) {
	names := make([]string, len(wait.Signals))
	for i, d := range wait.Signals {
		names[i] = d.Signal
	}
	var s Signal
	err := b.w.stmts.signalNext.QueryRowContext(context.Background(), run, jsonList(names)).Scan(
		&s.ID, &s.Run, &s.Name, &s.Key, &s.Visit, &s.TimeUS, &s.Sender, &s.Value.Codec, &s.Value.Data, &s.Checksum)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// answer looks whether a signal that the change is to wait for is there already. If so the run does not
// wait: it goes on at once, with the owner that it has.
func (b *batch) answer(r *request) error {
	c := r.change
	if r.asked == nil {
		asked := *c
		r.asked = &asked
	}
	if c.Row.Status != "waiting" {
		return nil
	}
	wait, err := c.Row.Waits()
	if err != nil || len(wait.Signals) == 0 {
		return err
	}
	sig, ok, err := b.nextSignal(c.Lease.Run, &wait)
	if err != nil || !ok {
		return err
	}
	if err := b.takeSignal(sig.ID, c.Lease.Run, c.Row.Visit); err != nil {
		return err
	}
	door := wait.door(sig.Name)
	c.History = append(c.History[:len(c.History):len(c.History)], signalEvent(&c.Row, door, sig))
	c.Row.Status, c.Row.Owner, c.Row.Attempt = "running", c.Lease.owner, 1
	c.Row.Step, c.Row.Fingerprint, c.Row.Wait, c.Row.DueUS, c.Row.Reason = door.Step, door.Fingerprint, "", 0, ""
	c.Woken = &sig
	return nil
}
