package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Transfer is the state of a run that moves money between accounts in the same file.
type Transfer struct {
	From  string `json:"from" help:"account to take from"`
	To    string `json:"to" help:"account to give to"`
	Cents int64  `json:"cents" help:"how much"`
	No    int64  `json:"no"`
}

// Transfers names the workflow.
const Transfers engine.Name[Transfer, string] = "transfer"

// setup creates the bank's own tables.
func setup(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, cents INTEGER NOT NULL CHECK (cents >= 0)) STRICT;
		CREATE TABLE IF NOT EXISTS slip (no INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
		INSERT OR IGNORE INTO account VALUES ('ann', 1000), ('bob', 0)`)
	return err
}

// openBank opens an engine on a new file with the bank's tables. The function returned closes it.
func openBank(defs ...engine.Definition) (*engine.Engine, func()) {
	dir, err := os.MkdirTemp("", "bank")
	if err != nil {
		log.Fatal(err)
	}
	cfg := engine.Config{Path: filepath.Join(dir, "bank.db"), Setup: setup}
	eng, err := engine.Open(context.Background(), cfg, defs...)
	if err != nil {
		log.Fatal(err)
	}
	return eng, func() {
		if err := errors.Join(eng.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}

// balance prints what is in the accounts.
func balance(eng *engine.Engine) {
	var all []string
	err := eng.Tx(context.Background(), func(ctx context.Context, tx engine.Tx) error {
		return tx.SelectContext(ctx, &all, "SELECT name || ' has ' || cents FROM account ORDER BY name")
	})
	fmt.Println(all, err)
}

// transferring makes a workflow of one step.
func transferring(do func(*engine.Context, *Transfer) (engine.Transition, error)) engine.Workflow[Transfer, string] {
	return engine.Workflow[Transfer, string]{Name: Transfers, Steps: []engine.Step[Transfer]{{
		Name: "move", Do: do, Retry: engine.Retry{Attempts: 2, Initial: time.Millisecond},
	}}}
}

// move writes both sides of the transfer.
func (s *Transfer) move(ctx context.Context, tx engine.Tx) error {
	const change = "UPDATE account SET cents = cents + ? WHERE name = ?"
	if _, err := tx.ExecContext(ctx, change, s.Cents, s.To); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, change, -s.Cents, s.From); err != nil {
		return engine.Permanent(err) // the account does not cover it
	}
	return nil
}

// What a transition writes is committed with it, exactly once, or not at all.
func ExampleTransition_Tx() {
	eng, closeAll := openBank(transferring(func(_ *engine.Context, s *Transfer) (engine.Transition, error) {
		return Transfers.Done("moved").Tx(s.move), nil
	}))
	defer closeAll()

	ctx := context.Background()
	fmt.Println(Transfers.Run(ctx, eng, Transfer{From: "ann", To: "bob", Cents: 300}, nil))
	balance(eng)
	_, err := Transfers.Run(ctx, eng, Transfer{From: "ann", To: "bob", Cents: 800}, nil)
	fmt.Println(err)
	balance(eng)
	// Output:
	// moved <nil>
	// [ann has 700 bob has 300] <nil>
	// run 2: failed: tx: constraint failed: CHECK constraint failed: cents >= 0 (275)
	// [ann has 700 bob has 300] <nil>
}

// DoTx brings a value back, and commits it with what it has written: the second attempt gets the number
// that the first one has drawn.
func ExampleDoTx() {
	eng, closeAll := openBank(transferring(func(ctx *engine.Context, s *Transfer) (engine.Transition, error) {
		no, err := engine.DoTx(ctx, "slip", func(ctx context.Context, tx engine.Tx) (int64, error) {
			res, err := tx.ExecContext(ctx, "INSERT INTO slip (text) VALUES (?)", s.From+" to "+s.To)
			if err != nil {
				return 0, err
			}
			return res.LastInsertId()
		})
		if err != nil {
			return engine.Transition{}, err
		}
		fmt.Println("attempt", ctx.Run().Attempt, "has slip", no)
		if ctx.Run().Attempt == 1 {
			return engine.Transition{}, errors.New("the printer is jammed")
		}
		return Transfers.Done(fmt.Sprint("slip ", no)).Tx(s.move), nil
	}))
	defer closeAll()

	fmt.Println(Transfers.Run(context.Background(), eng, Transfer{From: "ann", To: "bob", Cents: 300}, nil))
	balance(eng)
	// Output:
	// attempt 1 has slip 1
	// attempt 2 has slip 1
	// slip 1 <nil>
	// [ann has 700 bob has 300] <nil>
}

// StartTx starts a run with the row that it is about: both are there, or neither is.
func ExampleName_StartTx() {
	eng, closeAll := openBank(transferring(func(_ *engine.Context, s *Transfer) (engine.Transition, error) {
		return Transfers.Done(fmt.Sprint("slip ", s.No, " is done")).Tx(s.move), nil
	}))
	defer closeAll()

	order := func(ctx context.Context, s Transfer, sure bool) (run engine.Run, err error) {
		err = eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error {
			if err := tx.GetContext(ctx, &s.No, "INSERT INTO slip (text) VALUES (?) RETURNING no", s.To); err != nil {
				return err
			}
			if run, err = Transfers.StartTx(tx, s, nil); err != nil {
				return err
			}
			if !sure {
				return errors.New("on second thoughts")
			}
			return nil
		})
		return run, err
	}
	ctx := context.Background()
	_, err := order(ctx, Transfer{From: "ann", To: "bob", Cents: 300}, false)
	fmt.Println(err)
	run, err := order(ctx, Transfer{From: "ann", To: "bob", Cents: 300}, true)
	fmt.Println(run.ID, err)
	run, err = eng.Execute(ctx, run.ID, nil) // a worker would do that by itself
	fmt.Println(string(run.Result), err)
	// Output:
	// on second thoughts
	// 1 <nil>
	// "slip 1 is done" <nil>
}

// The outside does not share our commit: a call whose answer is lost is made again. CallKey is the same then,
// so that a service which takes such keys does the thing once.
func ExampleCallKey() {
	paid := map[string]bool{} // a payment service, which knows what it has done
	pay := func(key string) error {
		if paid[key] {
			return nil
		}
		paid[key] = true
		return errors.New("timeout: nobody knows whether it was paid")
	}
	eng, closeAll := openBank(transferring(func(ctx *engine.Context, _ *Transfer) (engine.Transition, error) {
		err := engine.Exec(ctx, "pay", func(ctx context.Context) error { return pay(engine.CallKey(ctx)) },
			engine.CallTimeout(10*time.Second), engine.CallRetry(engine.Retry{Attempts: 3, Initial: time.Millisecond}))
		return Transfers.Done("paid"), err
	}))
	defer closeAll()

	result, err := Transfers.Run(context.Background(), eng, Transfer{}, nil)
	fmt.Println(result, err, len(paid))
	// Output: paid <nil> 1
}
