package oslock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	firstReport = 2 * time.Second  // how long Take waits before it names who keeps it waiting
	nextReport  = 10 * time.Second // and how long between two reports after that
)

// Turn lets the writers of several processes take turns. SQLite's own busy handler polls with growing
// pauses, so beside one busy writer all others starve.
//
// Two locks make it fair. A writer takes next, with it takes turn, and lets go of next; after its
// commit it lets go of turn. So only one writer at a time waits for turn, and one that has just let go
// of it queues for next with everybody else:
//
//	         wait        first in line        in its transaction
//	A, B, C ─────▶ next ───────────────▶ turn ──────────────────▶ commit
//
// It is for fairness only: what keeps the data whole is SQLite's own lock. If a process is killed in
// its turn, the kernel passes the turn on at once. If it is stopped there (SIGSTOP, a debugger), all
// others wait and are told its pid.
//
// A Turn is safe for concurrent use: the goroutines that share one queue for it in order.
type Turn struct {
	next, turn   *os.File
	mine, nobody []byte         // what to write into them
	line         [pidWidth]byte // room to read what stands in turn; of who has it
	token        chan struct{}  // holds its one element while no goroutine here takes or has the turn
	first, again time.Duration  // from Take to its first report, and between further ones

	mu     sync.Mutex // guards hunt, hunt.wanted and closed
	hunt   *hunt      // the wait in the kernel that is under way, if any
	closed bool
}

// OpenTurn opens the turn of the database whose lock folder is dir. It creates folder and files on
// demand.
func OpenTurn(dir string) (*Turn, error) {
	next, err := open(dir, "next")
	if err != nil {
		return nil, fmt.Errorf("open turn: %w", err)
	}
	turn, err := open(dir, "turn")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open turn: %w", err), next.Close())
	}
	t := &Turn{
		next: next, turn: turn,
		mine: pidLine(os.Getpid()), nobody: pidLine(0),
		token: make(chan struct{}, 1),
		first: firstReport, again: nextReport,
	}
	t.token <- struct{}{}
	return t, nil
}

// Take waits until the turn is the caller's; it then is until Give. When Take has waited two seconds,
// and every ten seconds from then on, it calls waiting, on the caller's goroutine, with the pid of the
// process that keeps it waiting, or 0 if that is not known. waiting may be nil.
//
// If ctx ends first, Take returns its cause and the turn is not the caller's. A wait in the kernel
// cannot be called off, so it goes on in its goroutine, at most one for each Turn: the next Take joins
// it, and if there is none when the turn comes, it is passed on at once.
//
// With nobody else about, Take costs microseconds and starts no goroutine.
func (t *Turn) Take(ctx context.Context, waiting func(pid int)) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p := patience{turn: t, waiting: waiting}
	if err := p.await(ctx, t.token); err != nil {
		return err
	}
	if err := t.enter(ctx, &p); err != nil {
		t.token <- struct{}{}
		return err
	}
	return nil
}

// Give passes the turn on. It is an error without a Take before it.
func (t *Turn) Give() error {
	if len(t.token) > 0 {
		return errors.New("give turn: it was not taken")
	}
	err := t.release()
	t.token <- struct{}{}
	if err != nil {
		return fmt.Errorf("give turn: %w", err)
	}
	return nil
}

// Close closes the files. It must not be called during Take, nor between Take and Give; a Take after
// it is an error. A wait that an ended context left behind closes the files when it is over.
func (t *Turn) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	if t.hunt != nil {
		return nil
	}
	return t.closeFiles()
}

// enter waits for the turn among the processes. The caller has the token.
func (t *Turn) enter(ctx context.Context, p *patience) error {
	h, err := t.begin()
	if err != nil {
		return fmt.Errorf("take turn: %w", err)
	}
	if h == nil {
		return nil
	}
	if err := p.await(ctx, h.done); err != nil {
		t.leave(h)
		return err
	}
	if h.err != nil {
		return fmt.Errorf("take turn: %w", h.err)
	}
	return nil
}

func (t *Turn) closeFiles() error {
	if err := errors.Join(t.next.Close(), t.turn.Close()); err != nil {
		return fmt.Errorf("close turn: %w", err)
	}
	return nil
}

// patience is one Take while it waits.
type patience struct {
	turn    *Turn
	waiting func(pid int)
	alarm   *time.Timer // nil until there is something to wait for
}

// await returns nil when ready can be received from or is closed, or the cause of ctx.
func (p *patience) await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	default:
	}
	if p.alarm == nil {
		p.alarm = time.NewTimer(p.turn.first)
	}
	for {
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.alarm.C:
			p.alarm.Reset(p.turn.again)
			if p.waiting != nil {
				p.waiting(p.turn.holder())
			}
		}
	}
}
