package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// scheduleOptions are the options of each start as they are stored.
type scheduleOptions struct {
	Queue      string         `json:"queue,omitempty"`
	Priority   int            `json:"priority,omitempty"`
	FairKey    string         `json:"fair_key,omitempty"`
	DeadlineUS int64          `json:"deadline_us,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Checkpoint *Checkpoint    `json:"checkpoint,omitempty"`
	Preserve   *Preserve      `json:"preserve,omitempty"`
	Keep       Keep           `json:"keep,omitempty"`
	Seed       *int64         `json:"seed,omitempty"`
	Hooks      []Hook         `json:"hooks,omitempty"`
	StallUS    int64          `json:"stall_after_us,omitempty"`
}

// row makes the part of a row that people have written.
func (s *Schedule) row() (store.Schedule, error) {
	row := store.Schedule{
		Name: s.Name, Workflow: s.Workflow, Zone: s.Zone, Overlap: string(s.overlap()),
		CatchUpUS: s.CatchUp.Microseconds(), JitterUS: s.Jitter.Microseconds(),
	}
	switch {
	case s.Cron != "":
		row.Kind, row.Spec = ruleCron, strings.Join(strings.Fields(s.Cron), " ")
	case s.Every != 0:
		row.Kind, row.Spec = ruleEvery, s.Every.String()
	default:
		row.Kind, row.Spec = ruleAt, s.At.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
	o := &s.Options
	attributes, err := attributeRows(o.Attributes)
	if err != nil {
		return row, fmt.Errorf("options: %w", err)
	}
	stored := scheduleOptions{
		Queue: o.Queue, Priority: o.Priority, FairKey: o.FairKey, DeadlineUS: o.Deadline.Microseconds(),
		Attributes: attributeMap(attributes), Keep: o.Keep, Seed: o.Seed,
		Hooks: o.Hooks, StallUS: o.StallAfter.Microseconds(),
	}
	if o.Checkpoint != (Checkpoint{}) {
		stored.Checkpoint = &o.Checkpoint
	}
	if o.Preserve != (Preserve{}) {
		stored.Preserve = &o.Preserve
	}
	options, err := json.Marshal(stored)
	if err != nil {
		return row, fmt.Errorf("options: %w", err)
	}
	row.Options = string(options)
	if len(bytes.TrimSpace(s.Input)) > 0 {
		var input bytes.Buffer
		if err := json.Compact(&input, s.Input); err != nil {
			return row, fmt.Errorf("input: %w", err)
		}
		row.Input = input.String()
	}
	return row, nil
}

// scheduleOf reads a row. Its error is that of a row that this program has not written so; what could be
// read is in the state all the same.
func scheduleOf(row *store.Schedule) (ScheduleState, error) {
	s := ScheduleState{
		Schedule: Schedule{
			Name: row.Name, Workflow: row.Workflow, Zone: row.Zone, Overlap: Overlap(row.Overlap),
			CatchUp: microseconds(row.CatchUpUS), Jitter: microseconds(row.JitterUS),
		},
		ID: row.ID, Created: timeOf(row.CreatedUS), Next: timeOf(row.NextUS), Due: timeOf(row.DueUS), Last: timeOf(row.LastUS),
		LastRun: row.LastRun, Queued: timeOf(row.QueuedUS), Starts: row.Starts, Skips: row.Skips, Error: row.Error,
		Paused: reasonOf(row.Paused),
	}
	if row.Input != "" {
		s.Input = json.RawMessage(row.Input)
	}
	var err error
	switch row.Kind {
	case ruleEvery:
		s.Every, err = time.ParseDuration(row.Spec)
	case ruleAt:
		s.At, err = time.Parse(time.RFC3339Nano, row.Spec)
	default:
		s.Cron = row.Spec
	}
	if err != nil {
		return s, fmt.Errorf("schedule %q: column spec: %w", row.Name, err)
	}
	if s.Options, err = scheduleOptionsOf(row.Options); err != nil {
		return s, fmt.Errorf("schedule %q: column options: %w", row.Name, err)
	}
	return s, nil
}

func scheduleOptionsOf(text string) (StartOptions, error) {
	var stored scheduleOptions
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber() // integers must not pass through a float64
	if err := dec.Decode(&stored); err != nil {
		return StartOptions{}, err
	}
	o := StartOptions{
		Queue: stored.Queue, Priority: stored.Priority, FairKey: stored.FairKey, Deadline: microseconds(stored.DeadlineUS),
		Attributes: stored.Attributes, Keep: stored.Keep, Seed: stored.Seed,
		Hooks: stored.Hooks, StallAfter: microseconds(stored.StallUS),
	}
	if stored.Checkpoint != nil {
		o.Checkpoint = *stored.Checkpoint
	}
	if stored.Preserve != nil {
		o.Preserve = *stored.Preserve
	}
	for name, value := range o.Attributes {
		number, ok := value.(json.Number)
		if !ok {
			continue
		}
		if n, err := number.Int64(); err == nil {
			o.Attributes[name] = n
		} else if f, err := number.Float64(); err == nil {
			o.Attributes[name] = f
		}
	}
	return o, nil
}

// scheduleKey is the idempotency key of the start for a nominal time.
func scheduleKey(name string, nominalUS int64) string {
	return "schedule/" + name + "/" + timeOf(nominalUS).Format(time.RFC3339Nano)
}
