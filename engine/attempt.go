package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// attempt is one try of a step: what stands behind its Context.
type attempt struct {
	ctx    Context
	where  Ref
	seed   int64         // of the run
	mtbf   time.Duration // of the host
	until  time.Time     // see [Context.Deadline]
	beats  *atomic.Uint64
	host   Host
	policy Checkpoint
	format Codec
	state  liveState

	reins      *reins
	heed       func()      // makes the reins follow the context that the host has given, at once
	unwatch    func() bool // makes them follow it no more
	saver      saver
	record     record       // of the metric by which the best checkpoint is kept
	calls      atomic.Int32 // recorded calls under way
	ended      atomic.Bool
	tells      atomic.Bool  // the step tells its progress itself
	clock      *time.Timer  // sets flagClock
	rang       atomic.Int64 // when it did, since epoch; 0 if it has not since the last save
	early      atomic.Int64 // until when, since epoch, it rings in vain: it was put forward while it did
	epoch      time.Time    // when the clocks began
	saved      time.Time    // when the last save was made, or epoch; the step's goroutine's
	silence    tail         // how long due saves had to wait for the step; the step's goroutine's
	done       atomic.Int64
	total      atomic.Int64
	source     *rand.PCG // nil until the run uses it
	rng        *rand.Rand
	streams    map[uint32]*randomStream // guarded by mu
	mu         sync.Mutex
	counters   map[string]int64 // guarded by mu: finished recorded calls; nil for none
	seen       map[string]int64 // guarded by mu: how far Recorded has looked, by name; nil before it has
	open       map[string]bool  // guarded by mu: names of recorded calls under way; nil before the first
	attributes map[string]any   // guarded by mu: set since the newest snapshot
	metrics    []Metric         // guarded by mu: measured since the newest snapshot
	misuse     error            // guarded by mu: a mistake of the step's author
	refused    error            // guarded by mu: why Save has refused; sticky
}

// liveState is the state of a step under way, with its type erased.
type liveState interface {
	encode(f Codec) (Payload, error)
	brief() string
}

func newAttempt(parent context.Context, v *Visit, h Host) *attempt {
	a := &attempt{where: v.Ref, seed: v.Seed, mtbf: cmp.Or(v.MTBF, priorMTBF), until: v.Until, beats: v.Beats, host: h}
	a.reins, a.heed, a.unwatch = follow(parent)
	a.ctx.attempt = a
	a.reins.tie(&a.ctx)
	a.saver.host = h
	a.record = newRecord(v.Best)
	a.counters = maps.Clone(v.From.Counters)
	a.done.Store(v.From.Done)
	a.total.Store(v.From.Total)
	return a
}

// begin starts the clocks, with what earlier attempts have come to. The policy must be set.
func (a *attempt) begin(learned *Pace) {
	a.saver.learn(learned)
	if d := learned.Silence; d > 0 {
		a.silence.add(d)
	}
	a.epoch = time.Now()
	a.saved = a.epoch
	a.ctx.every = math.MaxInt64
	if a.policy.Every > 0 {
		a.ctx.every = a.policy.Every
		a.ctx.flag.Or(flagCount)
	}
	if d := a.pace().Interval; d > 0 {
		a.clock = time.AfterFunc(d, a.ring)
	}
}

// ring makes a save due by the clock.
func (a *attempt) ring() {
	if int64(time.Since(a.epoch)) < a.early.Load() {
		return
	}
	a.rang.CompareAndSwap(0, int64(time.Since(a.epoch))|1)
	a.ctx.flag.Or(flagClock)
}

// pace is how often to save as of now. It belongs on the step's goroutine.
func (a *attempt) pace() Pace {
	p := Pace{MTBF: a.mtbf, Silence: a.silence.longest()}
	a.saver.measure(&p)
	return p.chosen(a.policy)
}

// heard takes note of how long a save that was due has waited for the step: since the clock rang, or, if it only
// counts, about from one question to the next.
func (a *attempt) heard(now time.Time) {
	if rang := a.rang.Swap(0); rang != 0 {
		a.silence.add(now.Sub(a.epoch) - time.Duration(rang))
	} else if n := a.ctx.counted; a.clock == nil && n > 0 {
		a.silence.add(now.Sub(a.saved) / time.Duration(n))
	}
	a.saved = now
}

// save is Context.Save.
func (a *attempt) save() error {
	if a.ended.Load() {
		return ErrAttemptEnded
	}
	a.beat()
	if err := a.refusal(); err != nil {
		return err
	}
	cause := a.stopCause()
	if lost(cause) {
		return a.refuse(cause)
	}
	begun := time.Now()
	a.heard(begun)
	s, err := a.snapshot()
	if err != nil {
		return Permanent(fmt.Errorf("state: %w", err))
	}
	a.saver.put(s, a.record.take(s.Metrics))
	if cause != nil || a.policy.Every > 0 {
		err = a.saver.flush()
	} else {
		err = a.saver.failed()
	}
	a.saver.stalled(time.Since(begun))
	a.rearm()
	switch {
	case err != nil:
		return a.refuse(err)
	case cause != nil:
		return a.refuse(ErrStopped)
	}
	return nil
}

// rearm starts the next interval on the clock, and the next count if this one is full: a save between does not
// shift it.
func (a *attempt) rearm() {
	if a.ctx.counted >= a.ctx.every {
		a.ctx.counted = 0
	}
	interval := a.pace().Interval
	a.early.Store(int64(time.Since(a.epoch) + interval))
	a.rang.Store(0)
	a.ctx.flag.And(^flagClock)
	if a.clock != nil {
		a.clock.Reset(interval)
	}
}

// snapshot encodes the triple of state, random state and counters, as they are now.
func (a *attempt) snapshot() (Snapshot, error) {
	begun := time.Now()
	state, err := a.state.encode(a.format)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{State: state, Brief: a.state.brief(), Random: a.randomState(), Done: a.done.Load(), Total: a.total.Load()}
	s.Stall, s.Pace = a.saver.takeStall(), a.pace()
	s.Pace.Slowest = max(s.Pace.Slowest, time.Since(begun)) // known before it is committed, for the first
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.counters) > 0 {
		s.Counters = maps.Clone(a.counters)
	}
	s.Attributes, s.Metrics, a.attributes, a.metrics = a.attributes, a.metrics, nil, nil
	return s, nil
}

// end makes everything durable that was saved, and the Context unusable.
func (a *attempt) end() (refused, misuse error) {
	if a.calls.Load() > 0 {
		a.blame(errors.New("the step returned while a recorded call was under way"))
	}
	a.mu.Lock()
	a.ended.Store(true) // from here on nothing new is submitted
	a.mu.Unlock()
	err := a.saver.flush()
	if a.clock != nil {
		a.clock.Stop()
	}
	a.unwatch()
	if err != nil {
		a.refuse(err)
	}
	a.reins.drop(ErrAttemptEnded)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused, a.misuse
}

// stopCause is why the host wants the step to stop, nil if it does not.
func (a *attempt) stopCause() error {
	a.heed() // the host's word counts at once
	if a.ctx.Err() == nil {
		return nil
	}
	return context.Cause(a.ctx.Context)
}

// lost reports whether a cause forbids one more save.
func lost(cause error) bool {
	return errors.Is(cause, ErrLeaseLost) || errors.Is(cause, ErrStorage)
}

// refuse ends the attempt's right to commit anything; the first reason stays.
func (a *attempt) refuse(err error) error {
	a.mu.Lock()
	if a.refused == nil {
		a.refused = err
	}
	err = a.refused
	a.mu.Unlock()
	a.reins.drop(err)
	return err
}

func (a *attempt) refusal() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// blame notes a mistake of the step's author, which fails the attempt for good.
func (a *attempt) blame(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.misuse == nil {
		a.misuse = err
	}
}

// progress is Context.Progress.
func (a *attempt) progress(done, total int64) {
	a.tells.Store(true)
	a.tell(done, total)
}

func (a *attempt) tell(done, total int64) {
	a.beat()
	a.done.Store(done)
	a.total.Store(total)
	a.host.Progress(done, total)
}

// beat shows that the attempt makes progress.
func (a *attempt) beat() {
	if a.beats != nil {
		a.beats.Add(1)
	}
}

// ref names the attempt. A run that is not in the file yet gets its number first.
func (a *attempt) ref() Ref {
	r := a.where
	if h, ok := a.host.(interface{ born() (int64, error) }); ok && r.ID == 0 {
		r.ID, _ = h.born() // if it cannot be, the step is being stopped
	}
	return r
}

func (a *attempt) log() *slog.Logger {
	r := a.ref()
	return loggerOf(a.host).With("run_id", r.ID, "workflow", r.Workflow, "step", r.Step, "attempt", r.Attempt)
}

// loggerOf returns the host's logger, if it has one.
func loggerOf(h Host) *slog.Logger {
	if l, ok := h.(interface{ Logger() *slog.Logger }); ok {
		return l.Logger()
	}
	return slog.New(slog.DiscardHandler)
}
