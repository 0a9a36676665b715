package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// terms is what a start has said about how its run is to execute, as the run's row keeps it: the narrowest of
// the policies.
type terms struct {
	Checkpoint
	Retry   *Retry        `json:"retry,omitempty"`
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	Hooks   []Hook        `json:"hooks,omitempty"`
	Stall   time.Duration `json:"stall_after_ns,omitempty"`
}

// terms are those that the options say.
func (o *StartOptions) terms() terms {
	return terms{o.Checkpoint, o.Retry, o.Timeout, o.Hooks, o.StallAfter}
}

// text is how the row keeps the terms; "" if nothing was said.
func (t terms) text() (string, error) {
	if t.Checkpoint == (Checkpoint{}) && t.Retry == nil && t.Timeout == 0 && len(t.Hooks) == 0 && t.Stall == 0 {
		return "", nil
	}
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("terms of a run: %w", err)
	}
	return string(text), nil
}

// termsOf reads the terms of a run. Without them the wider policies hold.
func termsOf(row *store.Run) (t terms) {
	if row.Policy != "" {
		_ = json.Unmarshal([]byte(row.Policy), &t) // written by start
	}
	return t
}

// faults says what is wrong with what a start says, checkpoint policy aside.
func (t terms) faults() (faults []error) {
	if t.Retry != nil {
		faults = t.Retry.faults()
	}
	if t.Timeout < 0 {
		faults = append(faults, fmt.Errorf("timeout %v must not be negative", t.Timeout))
	}
	if t.Stall < 0 {
		faults = append(faults, fmt.Errorf("stall after %v must not be negative", t.Stall))
	}
	for _, h := range t.Hooks {
		if err := h.fault(); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// retry is the policy of a step under the terms. What they leave out, the step says.
func (t terms) retry(step Retry) Retry {
	if t.Retry == nil {
		return step
	}
	return t.Retry.or(step)
}

// timeout bounds a try of a step under the terms.
func (t terms) timeout(step time.Duration) time.Duration {
	if t.Timeout > 0 {
		return t.Timeout
	}
	return step
}
