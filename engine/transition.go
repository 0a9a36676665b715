package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Transition is what a step returns: what happens next. It is committed in one transaction with the
// step's new state, and with the messages and the SQL that it carries. The zero Transition with a nil
// error is a permanent failure of the step, so that a forgotten return value is not taken for an answer.
//
// The methods of a Transition return a changed copy. One that does not fit the kind, such as Limit on a
// Goto, makes the step fail for good.
type Transition struct {
	kind     transitionKind
	step     string
	result   any
	pause    time.Duration // of Sleep
	at       time.Time     // of SleepUntil
	doors    []door        // of Await, the first one's step is also step
	within   time.Duration
	other    string // where it goes when within is over; "" without Within
	children iter.Seq[Child]
	limit    int
	failFast bool
	sends    []Message
	tx       func(context.Context, Tx) error
	misuse   error // by a modifier
}

// door is a step to which a signal leads.
type door struct{ signal, step string }

type transitionKind uint8

const (
	noTransition transitionKind = iota
	toNext
	toStep
	toSelf
	toEnd
	toSleep
	toAwait
	toSpawn
)

// Next goes on with the step that follows in Workflow.Steps. After the last step it ends the run
// with the zero result.
func Next() Transition { return Transition{kind: toNext} }

// Goto goes on with the named step of the same workflow.
func Goto(step string) Transition { return Transition{kind: toStep, step: step} }

// Repeat runs the same step again, as a new visit from the state as it is now.
func Repeat() Transition { return Transition{kind: toSelf} }

// Done ends the run with a result, which must be of the workflow's result type; [Name.Done] lets
// the compiler check that.
func Done(result any) Transition { return Transition{kind: toEnd, result: result} }

// Sleep goes on with the named step when d has passed, counted from the commit. The run waits in the
// database, where it costs nothing, however long: a process need not run meanwhile. One that does
// begins the step within milliseconds of its time; otherwise the next that starts begins it at once.
func Sleep(d time.Duration, step string) Transition {
	return Transition{kind: toSleep, pause: d, step: step}
}

// SleepUntil is Sleep until a time of the wall clock.
func SleepUntil(t time.Time, step string) Transition {
	return Transition{kind: toSleep, at: t, step: step}
}

// Spawn starts child runs, which are enqueued in the transaction of the transition: all of them or none.
// The run waits until all have ended, however they did, and goes on with the named step, which reads
// their results with [Name.Results] or [Context.Children]. Children that are still open when their
// parent ends are cancelled. The sequence is drawn once the step has returned.
func Spawn(children iter.Seq[Child], step string) Transition {
	return Transition{kind: toSpawn, children: children, step: step}
}

// Or adds a signal to those that an Await waits for; it leads to a step of its own. Of several that
// have come, the oldest counts.
func (t Transition) Or(signal AnySignal, step string) Transition {
	if t.kind != toAwait {
		return t.misused("Or is for Await alone")
	}
	t.doors = append(t.doors[:len(t.doors):len(t.doors)], door{signal.signalName(), step})
	return t
}

// Within bounds an Await or a Spawn: when d has passed, counted from the commit, the run goes on with
// the step named here. Children then run on until their parent ends.
func (t Transition) Within(d time.Duration, step string) Transition {
	switch {
	case t.kind != toAwait && t.kind != toSpawn:
		return t.misused("Within is for Await and Spawn alone")
	case d < 0:
		return t.misused(fmt.Sprintf("Within %v must not be negative", d))
	case step == "":
		return t.misused("Within names no step")
	}
	t.within, t.other = d, step
	return t
}

// Limit bounds how many children of a Spawn are in flight: begun and not ended. The others wait for
// their turn, in order.
func (t Transition) Limit(n int) Transition {
	if t.kind != toSpawn || n < 1 {
		return t.misused("Limit is for Spawn alone, and at least 1")
	}
	t.limit = n
	return t
}

// FailFast lets a Spawn go on as soon as one child has failed or was cancelled; the others are cancelled.
func (t Transition) FailFast() Transition {
	if t.kind != toSpawn {
		return t.misused("FailFast is for Spawn alone")
	}
	t.failFast = true
	return t
}

// Send sends messages to other runs, see [Signal.To], with the transition: they arrive if it is
// committed, exactly once.
func (t Transition) Send(messages ...Message) Transition {
	if t.kind == noTransition {
		return t.misused("Send needs a transition to go with")
	}
	t.sends = append(t.sends[:len(t.sends):len(t.sends)], messages...)
	return t
}

// Tx runs fn in the transaction of the transition: what it writes to the user's own tables in the same
// file is committed with it or not at all, exactly once. An error or panic of fn fails the attempt, which
// is retried by the step's policy. fn may run again if its transaction has to be repeated; what it did
// before is undone then. It holds the only write lock: more than 1 s is logged, more than 5 s fails. See [Tx].
func (t Transition) Tx(fn func(ctx context.Context, tx Tx) error) Transition {
	switch {
	case t.kind == noTransition:
		return t.misused("Tx needs a transition to go with")
	case t.tx != nil:
		return t.misused("two Tx on one transition: make them one function")
	}
	t.tx = fn
	return t
}

func (t Transition) misused(why string) Transition {
	t.misuse = errors.Join(t.misuse, errors.New(why))
	return t
}

// String describes the transition for people.
func (t Transition) String() string {
	var b strings.Builder
	switch t.kind {
	case toNext:
		b.WriteString("next")
	case toStep:
		b.WriteString("goto " + t.step)
	case toSelf:
		b.WriteString("repeat")
	case toEnd:
		fmt.Fprintf(&b, "done %v", t.result)
	case toSleep:
		b.WriteString(t.sleepText())
	case toAwait:
		for i, d := range t.doors {
			b.WriteString([]string{"await ", " or "}[min(i, 1)] + d.signal + " to " + d.step)
		}
	case toSpawn:
		b.WriteString("spawn, then " + t.step)
	default:
		return "none"
	}
	if t.other != "" {
		fmt.Fprintf(&b, " within %v else %s", t.within, t.other)
	}
	if n := len(t.sends); n > 0 {
		fmt.Fprintf(&b, ", sends %d", n)
	}
	return b.String()
}

func (t Transition) sleepText() string {
	if t.at.IsZero() {
		return fmt.Sprintf("sleep %v, then %s", t.pause, t.step)
	}
	return fmt.Sprintf("sleep until %s, then %s", t.at.Format(time.RFC3339), t.step)
}
