package engine

import "fmt"

// Transition is what a step returns: what happens next. It is committed in one transaction with the
// step's new state. The zero Transition with a nil error is a permanent failure of the step, so that
// a forgotten return value is not taken for an answer.
type Transition struct {
	kind   transitionKind
	step   string
	result any
}

type transitionKind uint8

const (
	noTransition transitionKind = iota
	toNext
	toStep
	toSelf
	toEnd
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

// String describes the transition for people.
func (t Transition) String() string {
	switch t.kind {
	case toNext:
		return "next"
	case toStep:
		return "goto " + t.step
	case toSelf:
		return "repeat"
	case toEnd:
		return fmt.Sprintf("done %v", t.result)
	default:
		return "none"
	}
}
