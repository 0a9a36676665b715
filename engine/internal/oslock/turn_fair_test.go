package oslock_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

// rounds is what a child measured in its turns. A gap is the number of turns that others had between
// the asking for a turn and the getting of it.
type rounds struct {
	Waits []time.Duration
	Gaps  []uint64
}

func TestTurnIsFair(t *testing.T) {
	t.Parallel()
	const queuers, turns = 3, 500
	dir := t.TempDir()
	saturator := newChild(t, "turn/saturate", dir)
	saturator.expect("begun")
	var children []*child
	for range queuers {
		children = append(children, newChild(t, "turn/rounds", dir))
	}
	for _, c := range children {
		c.expect("ready")
		defer c.dismiss()
	}
	before := count(t, dir)
	for _, c := range children {
		_, _ = io.WriteString(c.stdin, "go\n")
	}
	for _, c := range children {
		var r rounds
		if err := json.Unmarshal([]byte(c.says()), &r); err != nil {
			t.Fatal(err)
		}
		slices.Sort(r.Waits)
		slices.Sort(r.Gaps)
		p99, most := r.Gaps[turns*99/100], r.Gaps[turns-1]
		t.Logf("waits: p50 %v, max %v; turns of others between: p99 %d, max %d",
			r.Waits[turns/2], r.Waits[turns-1], p99, most)
		// The maximum says more about the machine than about the turn: a process may be put to sleep
		// between its question and its place in the line.
		if limit := uint64(20 * (queuers + 1)); p99 > limit {
			t.Errorf("of a hundred waits one was for %d turns of others, want at most %d", p99, limit)
		}
	}
	all := count(t, dir) - before
	t.Logf("%d turns in all", all)
	// Fair shares make 2,000.
	if limit := uint64(3 * turns * (queuers + 1)); all > limit {
		t.Errorf("%d turns were taken until %d processes had %d each, want at most %d", all, queuers, turns, limit)
	}
}

// playRounds takes 500 turns and says how long it waited.
func playRounds(dir string, say func(string), orders *bufio.Scanner) error {
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		return err
	}
	say("ready")
	orders.Scan()
	var r rounds
	for range 500 {
		asked, begun := readCount(dir), time.Now()
		if err := turn.Take(context.Background(), nil); err != nil {
			return err
		}
		r.Waits = append(r.Waits, time.Since(begun))
		n, err := addCount(dir)
		if err != nil {
			return err
		}
		r.Gaps = append(r.Gaps, n-1-asked)
		if err := turn.Give(); err != nil {
			return err
		}
	}
	b, err := json.Marshal(r)
	say(string(b))
	return err
}

// playSaturator takes turn after turn without a pause between.
func playSaturator(dir string, say func(string), orders *bufio.Scanner) error {
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { orders.Scan(); close(ended) }()
	for i := 0; ; i++ {
		select {
		case <-ended:
			return nil
		default:
		}
		if err := turn.Take(context.Background(), nil); err != nil {
			return err
		}
		if _, err := addCount(dir); err != nil {
			return err
		}
		if err := turn.Give(); err != nil {
			return err
		}
		if i == 0 {
			say("begun")
		}
	}
}

// addCount counts a turn in a file and works as long as a small commit takes. Only the turn makes the
// count right.
func addCount(dir string) (uint64, error) {
	n := readCount(dir) + 1
	for begun := time.Now(); time.Since(begun) < 100*time.Microsecond; {
	}
	return n, os.WriteFile(filepath.Join(dir, "count"), binary.LittleEndian.AppendUint64(nil, n), 0o600)
}

// readCount may read a file that is just being written; it then looks again.
func readCount(dir string) uint64 {
	for {
		b, err := os.ReadFile(filepath.Join(dir, "count"))
		if errors.Is(err, os.ErrNotExist) {
			return 0
		}
		if len(b) == 8 {
			return binary.LittleEndian.Uint64(b)
		}
	}
}

func count(t *testing.T, dir string) uint64 {
	t.Helper()
	turn := newTurn(t, dir)
	mustTake(t, turn)
	defer mustGive(t, turn)
	return readCount(dir)
}
