package engine

import (
	"fmt"
	"strings"
	"time"
)

// Hook is something that is to be done outside when something happens to a run, such as telling a person. Hooks are
// given at start and stored with the run; [Config.Hook] of the process that ends the run does them, after the end
// is committed. If that process dies before, the next one that executes runs of the file does: a hook is
// done at least once for each end of its run. An end after a retry is another one. What a hook
// does, or fails to do, changes nothing about the run; it is an event of its history.
//
// A fork has the hooks of its origin, and so has each run of a schedule those of its options.
type Hook struct {
	On HookOn `json:"on"`
	Do string `json:"do"` // what Config.Hook understands; the command line of wf takes it as a shell command
}

// HookOn says what a hook waits for.
type HookOn string

// What hooks wait for.
const (
	HookDone  HookOn = "done"  // the run has completed
	HookFail  HookOn = "fail"  // it has failed, was cancelled, or is blocked and needs a person
	HookStall HookOn = "stall" // it is executed, but has neither progressed nor saved for StartOptions.StallAfter; once until it does
)

// HookEvent is what has happened.
type HookEvent struct {
	Hook  Hook
	Run   Run           // as it is now
	Still time.Duration // for HookStall: for how long it has shown no sign of life
}

// hookOns are the words for what hooks wait for.
func hookOns() []string { return []string{string(HookDone), string(HookFail), string(HookStall)} }

// ParseHookOn returns what a word stands for. Its error names the words there are.
func ParseHookOn(word string) (HookOn, error) {
	switch on := HookOn(word); on {
	case HookDone, HookFail, HookStall:
		return on, nil
	}
	return "", fmt.Errorf("event %q must be %s", word, strings.Join(hookOns(), ", "))
}

func (h Hook) fault() error {
	if _, err := ParseHookOn(string(h.On)); err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	if strings.TrimSpace(h.Do) == "" {
		return fmt.Errorf("hook on %s: it does nothing", h.On)
	}
	return nil
}

// hookOf is what a status means to hooks, "" for nothing.
func hookOf(s Status) HookOn {
	switch s {
	case Completed:
		return HookDone
	case Failed, Cancelled, Blocked:
		return HookFail
	case Pending, Running, Waiting, Paused, Suspended, Compensating:
	}
	return ""
}
