package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// program is what TestMain has compiled.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	program = filepath.Join(dir, "outbox")
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		log.Fatalf("go build: %v\n%s", err, out)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// row is an order or a message, with how often it is there.
type row struct {
	ID        string `db:"id"`
	Rows      int    `db:"n"`
	Delivered int    `db:"delivered"`
}

// books reads the tables as the program has left them: the orders, and the messages.
func books(t *testing.T, db string) (orders, messages []row) {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Config{Path: db, Access: engine.ReadWrite})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	err = eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error {
		if err := tx.SelectContext(ctx, &orders, "SELECT id, count(*) AS n, 0 AS delivered FROM orders GROUP BY id"); err != nil {
			return err
		}
		return tx.SelectContext(ctx, &messages,
			"SELECT key AS id, count(*) AS n, count(delivered_us) AS delivered FROM outbox GROUP BY key")
	})
	if err != nil {
		t.Fatal(err)
	}
	return orders, messages
}

// The program is killed three times, each time when a message has taken effect and nobody has heard the
// answer. In the end the books agree: nothing is lost, and nothing has happened twice.
func TestKilledOutboxKeepsTheBooks(t *testing.T) {
	t.Parallel()
	const orders = 30
	kills := map[int]bool{2: true, 12: true, 24: true} // the requests at which it is killed
	reached, dead := make(chan struct{}), make(chan struct{})
	receiver := &Receiver{
		before: func(request int) int {
			if request%5 == 0 {
				return http.StatusServiceUnavailable
			}
			return 0
		},
		after: func(request int) {
			if kills[request] {
				reached <- struct{}{}
				<-dead
			}
		},
	}
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	db := filepath.Join(t.TempDir(), "outbox.db")
	args := []string{"--db", db, "--to", server.URL, "--orders", strconv.Itoa(orders)}
	for range kills {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Stderr = t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-reached:
		case err := <-ended:
			t.Fatalf("it ended before it could be killed: %v", err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
		dead <- struct{}{}
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if want := fmt.Sprintf("%[1]d orders, %[1]d messages, %[1]d delivered\n", orders); err != nil || string(out) != want {
		t.Errorf("%v, printed %q, want %q", err, out, want)
	}
	compare(t, db, receiver, orders, len(kills))
}

// Told to stop, the service ends in order, though the receiver does not answer: it says how it stands, and exits with 0.
func TestOrderlyStop(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 100)
	server := httptest.NewServer(&Receiver{before: func(int) int {
		reached <- struct{}{}
		return http.StatusServiceUnavailable
	}})
	t.Cleanup(server.Close)
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program,
		"--db", filepath.Join(t.TempDir(), "outbox.db"), "--to", server.URL, "--orders", "1")
	cmd.Stdout, cmd.Stderr = &out, t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || out.String() != "1 orders, 1 messages, 0 delivered\n" {
		t.Errorf("%v, printed %q", err, &out)
	}
}

// compare holds the tables against what the receiver has seen.
func compare(t *testing.T, db string, receiver *Receiver, orders, kills int) {
	t.Helper()
	placed, messages := books(t, db)
	seen, effects := receiver.books()
	if len(placed) != orders || len(messages) != orders || len(seen) != orders || effects != orders {
		t.Errorf("%d orders, %d messages, %d keys seen, %d effects; want %d of each",
			len(placed), len(messages), len(seen), effects, orders)
	}
	for _, o := range placed {
		if o.Rows != 1 {
			t.Errorf("%s was placed %d times", o.ID, o.Rows)
		}
	}
	repeated := 0
	for _, m := range messages {
		if m.Rows != 1 || m.Delivered != 1 || seen[m.ID] < 1 {
			t.Errorf("%s: %d messages, %d delivered, seen %d times", m.ID, m.Rows, m.Delivered, seen[m.ID])
		}
		repeated += seen[m.ID] - 1
	}
	if repeated != kills {
		t.Errorf("%d messages came again, want one for each of %d kills", repeated, kills)
	}
}
