package engine

import (
	"encoding/json"
	"iter"
)

// Child is a run to be started by [Spawn].
type Child struct {
	workflow string
	state    any             // a *S; nil with input
	input    json.RawMessage // instead of state
	opts     StartOptions
}

// Child makes a child run that begins with state s. It is validated when the step returns it. Without
// StartOptions.Seed its generator is seeded from that of its parent and its place, so that the whole
// family computes the same again. opts may be nil.
func (n Name[S, R]) Child(s S, opts *StartOptions) Child {
	c := Child{workflow: string(n), state: &s}
	if opts != nil {
		c.opts = *opts
	}
	return c
}

// ChildOf is [Name.Child] for those who know the workflow by its name alone. Its input is JSON, as
// [Definition.Input] makes it; empty means the zero state. [Context.Children] reads what becomes of it: status,
// result and error. Where opts say nothing of checkpoints, retries and time-outs, what its parent's start says of them
// holds for it, too.
func ChildOf(workflow string, input json.RawMessage, opts *StartOptions) Child {
	c := Child{workflow: workflow, input: input}
	if opts != nil {
		c.opts = *opts
	}
	return c
}

// begin makes the child's beginning. Its error is an *InputError.
func (c Child) begin(def Definition) (starting, error) {
	if c.state == nil {
		return def.startJSON(c.input)
	}
	return def.start(c.state)
}

// Results returns the results of the children that were spawned last, those of this workflow, in the
// order in which they were spawned. They are read as the loop goes on, so there may be any number. A
// child that did not complete gives a *RunError; errors of reading end the loop.
func (n Name[S, R]) Results(ctx *Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for run, err := range ctx.Children() {
			if err == nil && run.Workflow != string(n) {
				continue
			}
			var r R
			if err == nil {
				r, err = resultOf[R](run.end())
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Children returns the children that were spawned last, in the order in which they were spawned, as they
// are now. They are read as the loop goes on, so there may be any number.
func (c *Context) Children() iter.Seq2[Run, error] {
	return func(yield func(Run, error) bool) {
		if c.attempt == nil || c.attempt.ended.Load() {
			yield(Run{}, ErrAttemptEnded)
			return
		}
		for after := int64(-1); ; {
			page, err := c.attempt.host.Children(after)
			if err != nil {
				yield(Run{}, err)
				return
			}
			for _, run := range page {
				if !yield(run, nil) {
					return
				}
				after = int64(run.Place)
			}
			if len(page) == 0 {
				return
			}
		}
	}
}
