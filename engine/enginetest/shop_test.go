package enginetest_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// Purchase is the state of an order in a shop.
type Purchase struct {
	ID     string `json:"id" help:"order to process"`
	Total  int64  `json:"total" help:"amount in cents"`
	Charge string `json:"charge"`
}

const (
	Purchases engine.Name[Purchase, string] = "purchase"
	Packed    engine.Signal[string]         = "packed"
)

// Bank takes money.
type Bank interface {
	Pay(ctx context.Context, key string, cents int64) (string, error)
}

// Shop processes orders: it charges, waits for the parcel to be packed, and books it.
func Shop(bank Bank) engine.Workflow[Purchase, string] {
	return engine.Workflow[Purchase, string]{
		Name: Purchases, Version: 1, Signals: []engine.AnySignal{Packed},
		Steps: []engine.Step[Purchase]{
			{Name: "charge", Retry: engine.Retry{Attempts: 5}, Do: func(ctx *engine.Context, p *Purchase) (engine.Transition, error) {
				var err error
				p.Charge, err = engine.Do(ctx, "pay", func(ctx context.Context) (string, error) {
					return bank.Pay(ctx, engine.CallKey(ctx), p.Total)
				})
				return Packed.Await("ship").Within(7*24*time.Hour, "remind"), err
			}},
			{Name: "remind", Do: func(*engine.Context, *Purchase) (engine.Transition, error) {
				return Packed.Await("ship"), nil
			}},
			{Name: "ship", Do: func(ctx *engine.Context, p *Purchase) (engine.Transition, error) {
				slip, err := Packed.Payload(ctx)
				return Purchases.Done(p.Charge + " " + slip).Tx(bookParcel(p.ID, slip)), err
			}},
		},
	}
}

func bookParcel(id, slip string) func(context.Context, engine.Tx) error {
	return func(ctx context.Context, tx engine.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO parcels (purchase, slip) VALUES (?, ?)", id, slip)
		return err
	}
}

// makeParcels creates the shop's own table.
func makeParcels(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS parcels (purchase TEXT NOT NULL, slip TEXT NOT NULL)")
	return err
}

// fakeBank takes everybody's money.
type fakeBank struct{}

func (fakeBank) Pay(_ context.Context, key string, _ int64) (string, error) {
	return "paid by " + key[strings.LastIndex(key, "/pay"):], nil
}

func config() engine.Config { return engine.Config{Adopt: true, Setup: makeParcels} }

func TestShop(t *testing.T) {
	e := enginetest.Open(t, &enginetest.Options{Config: config()}, Shop(fakeBank{}))
	enginetest.SignalWhenWaiting(e, 0, Packed, "slip 7")
	got := enginetest.Run(e, Purchases, Purchase{ID: "p1", Total: 990}, nil)
	if want := "paid by /pay/0 slip 7"; got != want {
		t.Errorf("result = %q, want %q", got, want)
	}
}

func TestShopReminds(t *testing.T) {
	e := enginetest.Open(t, &enginetest.Options{Config: config(), Time: enginetest.ByHand}, Shop(fakeBank{}))
	run := enginetest.Start(e, Purchases, Purchase{ID: "p1", Total: 990}, nil)
	e.Advance(8 * 24 * time.Hour) // takes no time
	if err := Packed.Send(t.Context(), e.Engine, run.ID, "slip 8", nil); err != nil {
		t.Fatal(err)
	}
	run = e.Await(run.ID)
	events, err := e.History(t.Context(), engine.HistoryFilter{Run: run.ID, Step: "remind"})
	if err != nil || len(events) == 0 {
		t.Errorf("nobody was reminded: %v", err)
	}
}

func TestShopCharges(t *testing.T) {
	got := enginetest.Step(t, Shop(fakeBank{}), "charge", Purchase{ID: "p1", Total: 990}, nil)
	if want := "await packed to ship within 168h0m0s else remind"; got.String() != want {
		t.Errorf("it goes on with %q, want %q", got, want)
	}
	if want := "paid by /pay/0"; got.State.Charge != want {
		t.Errorf("charge = %q, want %q", got.State.Charge, want)
	}
}

func TestShopCrashesEverywhere(t *testing.T) {
	enginetest.CrashEverywhere(t, Shop(fakeBank{}), Purchase{ID: "p1", Total: 990}, &enginetest.CrashOptions{
		Config:  config(),
		Signals: []enginetest.Signal{enginetest.Answer(t, Packed, "slip 7")},
		Each:    4,
	})
}

// Every piece of a test in the documentation is from this file.
func TestDocumentationShowsTheShop(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	shop, err := os.ReadFile("shop_test.go")
	if err != nil {
		t.Fatal(err)
	}
	lines, inCode := 0, false
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "```") {
			inCode = strings.HasPrefix(line, "```go")
			continue
		}
		if line = strings.TrimRight(line, "\n"); inCode {
			if lines++; !strings.Contains(string(shop), line+"\n") && !strings.Contains(line, "Replay") && !strings.Contains(line, "CheckNames") {
				t.Errorf("docs/testing.md shows %q, which is not in shop_test.go", line)
			}
		}
	}
	if lines < 30 {
		t.Errorf("docs/testing.md shows %d lines of code, want 30 or more", lines)
	}
}
