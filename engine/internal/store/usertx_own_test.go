package store_test

import (
	"errors"
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

// A run that user SQL creates is there if its transaction is committed, whole and with its chain.
func TestUserSQLCreatesRuns(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	var inside store.Run
	wakes, err := s.UserTx(t.Context(), func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "CREATE TABLE fresh (a)") // so that prepared statements are planned again
		must(t, err)
		c := newCreate(0)
		c.Run.Key = "k"
		_, err = u.Create(c)
		must(t, err)
		if inside, err = u.RunByUUID(c.Run.UUID); err != nil || inside.Key != "k" {
			t.Errorf("RunByUUID inside = key %q, %v", inside.Key, err)
		}
		again := newCreate(0)
		again.Run.Key = "k"
		_, err = u.Create(again)
		if taken, ok := errors.AsType[*store.KeyError](err); !ok || taken.UUID != c.Run.UUID {
			t.Errorf("Create with the same key: %v, want that it stands for %s", err, c.Run.UUID)
		}
		if _, err := u.RunByUUID(again.Run.UUID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("RunByUUID of a run that is not there: %v, want ErrNotFound", err)
		}
		_, err = u.ExecContext(u.Context(), "UPDATE wf_runs SET status = 'failed'") // the authorizer is back
		if !errors.Is(err, store.ErrDenied) {
			t.Errorf("writing to wf_runs: %v, want ErrDenied", err)
		}
		_, err = u.ExecContext(u.Context(), "INSERT INTO mine (b) SELECT uuid FROM wf_runs")
		return err
	})
	must(t, err)
	if !wakes || inside.ID == 0 || count(t, s, "mine") != 1 || count(t, s, "wf_runs") != 1 {
		t.Errorf("wakes %v, %d runs, %d rows; want one of each", wakes, count(t, s, "wf_runs"), count(t, s, "mine"))
	}
	checkChain(t, s, inside.ID)

	cause := errors.New("no")
	err = userSQL(t.Context(), s, func(u *store.UserTx) error {
		_, err := u.Create(newCreate(0))
		return errors.Join(err, cause)
	})
	if n := count(t, s, "wf_runs"); !errors.Is(err, cause) || n != 1 {
		t.Errorf("after %v there are %d runs, want 1", err, n)
	}
	mustCreate(t, s, 0)
	checkChain(t, s, inside.ID+1)
}

// A run that could not be created spoils the transaction, also if the user's function says nothing: half
// of the run may be there.
func TestUserSQLCannotCreateHalfARun(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	err := userSQL(t.Context(), s, func(u *store.UserTx) error {
		c := newCreate(0)
		c.Run.Key, c.Run.Keep = "k", "nonsense" // the schema refuses it, once the key is taken
		if _, err := u.Create(c); err == nil {
			t.Error("Create: nil, want an error")
		}
		_, err := u.ExecContext(u.Context(), "INSERT INTO mine (b) VALUES ('x')")
		return err
	})
	if err == nil || count(t, s, "mine") != 0 || count(t, s, "wf_keys") != 0 {
		t.Errorf("error %v, %d rows, %d keys; want an error and nothing written", err, count(t, s, "mine"), count(t, s, "wf_keys"))
	}
}

// The value of a recorded call is made in the transaction that commits its record.
func TestEffectMakesTheValueOfACall(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	run := mustCreate(t, s, newWorker(t, s))
	l := run.Lease()
	record := func(n int64, effect func(*store.UserTx) error) error {
		c := step(l, &run)
		c.Row.Visit = 1
		c.Calls = []store.Call{{Visit: 1, Name: "call", N: n}}
		c.Effect = effect
		return s.Apply(t.Context(), c)
	}
	must(t, record(0, func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "INSERT INTO mine (b) VALUES ('x')")
		return errors.Join(err, u.SetValue(store.Payload{Codec: "json", Data: []byte("7")}, 9))
	}))
	if err := record(1, func(u *store.UserTx) error {
		return errors.Join(u.SetValue(store.Payload{Codec: "json", Data: []byte("8")}, 9), errors.New("no"))
	}); err == nil {
		t.Error("a failed effect was committed")
	}
	calls, err := s.Calls(t.Context(), run.ID, 1)
	must(t, err)
	if len(calls) != 1 || string(calls[0].Value.Data) != "7" || calls[0].Checksum != 9 {
		t.Errorf("recorded %+v, want one call with value 7", calls)
	}
	c := step(l, &run)
	c.Row.Visit, c.ForgetCalls = 2, true
	mustApply(t, s, c)
	if calls, err = s.Calls(t.Context(), run.ID, 1); err != nil || len(calls) != 0 {
		t.Errorf("after ForgetCalls: %d calls, %v", len(calls), err)
	}
}
