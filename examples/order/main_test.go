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
	"sync"
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

func newCounter(t *testing.T, before func(verb, thing string) int, after func(verb, thing string)) *counter {
	books := &Books{before: before, after: after}
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
	}, nil)
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
		"declined": {"reserve B1", "charge B1", "refund B1", "release B1"},
	} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, nil, nil)
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

// Nobody decides, and what was done is taken back.
func TestNobodyApproves(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil, nil)
	out, code := c.run("start", "order", "--id", "N1", "--total", "50000", "--patience", "50ms")
	want := []string{"reserve N1", "charge N1", "refund N1", "release N1"}
	if code != 3 || !slices.Equal(c.done(), want) || !strings.Contains(out, "nobody has approved it within 50ms") {
		t.Errorf("code %d, the shop did %q, want %q; output:\n%s", code, c.done(), want, out)
	}
}

// killAt begins a command and kills it when the shop says that it is where it should be.
func (c *counter) killAt(reached <-chan struct{}, args ...string) {
	c.t.Helper()
	cmd := c.command(args...)
	cmd.Stderr = c.t.Output()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-reached:
	case err := <-ended:
		c.t.Fatalf("%v ended before it could be killed: %v", args, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	<-ended
}

// stop makes a hook of the shop that lets the first call of each of the verbs wait until the test has ended.
func stop(t *testing.T, verbs ...string) (after func(verb, thing string), reached <-chan struct{}) {
	var mu sync.Mutex
	at := make(chan struct{})
	after = func(verb, _ string) {
		mu.Lock()
		i := slices.Index(verbs, verb)
		if i >= 0 {
			verbs = slices.Delete(verbs, i, i+1)
		}
		mu.Unlock()
		if i >= 0 {
			at <- struct{}{}
			<-t.Context().Done()
		}
	}
	return after, at
}

// The program is killed when the shop has taken the money and nobody has heard so, and again when it has given it
// back and nobody has heard so. It takes and gives the money once.
func TestKilledOrderKeepsTheBooks(t *testing.T) {
	t.Parallel()
	after, reached := stop(t, "charge", "refund")
	c := newCounter(t, func(verb, _ string) int {
		if verb == "ship" {
			return 410 // sold out, for good
		}
		return 0
	}, after)
	c.killAt(reached, "start", "order", "--id", "C1", "--total", "500")
	c.killAt(reached, "resume")
	out, code := c.run("resume")
	if want := []string{"reserve C1", "charge C1", "refund C1", "release C1"}; code != 3 || !slices.Equal(c.done(), want) {
		t.Errorf("code %d, the shop did %q, want %q; output:\n%s", code, c.done(), want, out)
	}
}

// The program is killed when the shop has taken or put aside something and nobody has heard so, and then a person
// cancels the order. What was taken is given back, though no record tells of it.
func TestKilledOrderIsCancelled(t *testing.T) {
	t.Parallel()
	for at, want := range map[string][]string{
		"reserve": {"reserve D1", "release D1"},
		"charge":  {"reserve D1", "charge D1", "refund D1", "release D1"},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			after, reached := stop(t, at)
			c := newCounter(t, nil, after)
			c.killAt(reached, "start", "order", "--id", "D1", "--total", "500")
			text, _ := c.run("cancel", "1")
			out, code := c.run("resume")
			if !slices.Equal(c.done(), want) {
				t.Errorf("the shop did %q, want %q; cancel:\n%s\nresume, code %d:\n%s", c.done(), want, text, code, out)
			}
		})
	}
}
