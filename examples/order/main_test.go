package main

import (
	"bytes"
	"context"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// program is what TestMain has compiled.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "order")
	if err != nil {
		log.Fatal(err)
	}
	program = filepath.Join(dir, "order")
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		log.Fatalf("go build: %v\n%s", err, out)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// counter is where a test orders: a database and a shop.
type counter struct {
	t     *testing.T
	dir   string
	shop  *httptest.Server
	books *Books
}

func newCounter(t *testing.T, before func(verb, thing string) int) *counter {
	books := &Books{before: before}
	server := httptest.NewServer(books)
	t.Cleanup(server.Close)
	return &counter{t: t, dir: t.TempDir(), shop: server, books: books}
}

func (c *counter) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.t.Context(), program, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "SHOP_URL="+c.shop.URL)
	return cmd
}

// run runs the program and returns what it printed and its exit code.
func (c *counter) run(args ...string) (out string, code int) {
	c.t.Helper()
	cmd := c.command(args...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// until repeats a command until its output has a text.
func (c *counter) until(want string, args ...string) {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		out, _ := c.run(args...)
		if strings.Contains(out, want) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%v: no %q in %s", args, want, out)
		}
	}
}

func (c *counter) done() []string {
	c.books.mu.Lock()
	defer c.books.mu.Unlock()
	return slices.Clone(c.books.done)
}

// A small order goes through, though the shop is out of order at first.
func TestSmallOrder(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := newCounter(t, func(verb, _ string) int {
		if verb == "ship" && calls.Add(1) <= 2 {
			return 503
		}
		return 0
	})
	out, code := c.run("start", "order", "--id", "A1", "--total", "500")
	if want := []string{"reserve A1", "charge A1", "ship A1"}; code != 0 || !slices.Equal(c.done(), want) {
		t.Errorf("code %d, the shop did %q, want %q; output:\n%s", code, c.done(), want, out)
	}
}

// A large order waits for a person, in another process. What was done is taken back when that declines.
func TestLargeOrderNeedsAPerson(t *testing.T) {
	t.Parallel()
	for signal, want := range map[string][]string{
		"approved": {"reserve B1", "charge B1", "ship B1"},
		"declined": {"reserve B1", "charge B1", "refund charge-2", "release B1"},
	} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, nil)
			var out bytes.Buffer
			order := c.command("start", "order", "--id", "B1", "--total", "50000")
			order.Stdout, order.Stderr = &out, &out
			if err := order.Start(); err != nil {
				t.Fatal(err)
			}
			c.until("waits for signal approved", "why", "1")
			if text, code := c.run("signal", "1", signal, "--data", `{"by": "ann", "why": "too dear"}`); code != 0 {
				t.Fatalf("signal: code %d: %s", code, text)
			}
			err := order.Wait()
			if (err == nil) != (signal == "approved") || !slices.Equal(c.done(), want) {
				t.Errorf("%v, the shop did %q, want %q; output:\n%s", err, c.done(), want, &out)
			}
		})
	}
}

// A program that is killed in the middle of a payment, and once more in the middle of giving it back, takes and
// gives the money once.
func TestKilledOrderKeepsTheBooks(t *testing.T) {
	t.Parallel()
	ctx, killed := context.WithCancel(context.Background())
	defer killed()
	var stuck atomic.Value // the verb at which the shop does not answer
	stuck.Store("charge")
	reached := make(chan struct{}, 10)
	c := newCounter(t, func(verb, _ string) int {
		if stuck.Load() == verb {
			reached <- struct{}{}
			<-ctx.Done()
			return 503
		}
		if verb == "ship" {
			return 410 // sold out, for good
		}
		return 0
	})
	for _, args := range [][]string{{"start", "order", "--id", "C1", "--total", "500"}, {"resume"}} {
		cmd := c.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-reached
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		stuck.Store("refund")
	}
	stuck.Store("")
	killed()
	out, code := c.run("resume")
	if want := []string{"reserve C1", "charge C1", "refund charge-2", "release C1"}; code != 3 || !slices.Equal(c.done(), want) {
		t.Errorf("code %d, the shop did %q, want %q; output:\n%s", code, c.done(), want, out)
	}
}
