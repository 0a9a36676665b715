package engine

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Run is a run as it was when it was read. It does not change by itself.
type Run struct {
	ID          int64  // the number in this file; never used twice
	UUID        string // the identity across files
	Workflow    string
	Version     int // of the definition that wrote the newest checkpoint
	Fingerprint string
	Key         string
	Status      Status
	Step        string
	Visit       int // counts the steps entered, from 1
	Attempt     int // of this visit, from 1; 0 before the first
	Failures    int // attempts in a row that failed without a new checkpoint
	Deaths      int // owners that died at this checkpoint
	Seq         int64
	Epoch       int64
	Worker      int64  // that owns it; 0 for none
	Want        string // what a person wants of its owner: "pause", "cancel" or nothing
	Reason      string // why it is paused, blocked or waiting
	Error       string // of the newest failed attempt
	Keep        Keep
	Policy      Checkpoint // given at start
	Retry       *Retry     // given at start; nil if none was
	Timeout     time.Duration
	Packed      *Packing  // how it is packed to go on elsewhere; nil if it is not
	Preserve    Preserve  // which older checkpoints are kept
	Seed        int64     // of the random generator
	Due         time.Time // zero, or not before this time
	Waiting     Wait      // what it waits for
	Deadline    time.Time // zero, or it fails if it has not ended by then
	Ending      Status    // while its steps are undone: Failed or Cancelled
	Queue       string
	Priority    int
	FairKey     string
	Parent      int64 // the run that spawned it; 0 for none
	Root        int64 // the eldest ancestor; 0 for none
	Place       int   // among its siblings, from 0
	Children    int   // how many it has spawned
	Schedule    int64 // the rule that started it; 0 for none
	Scheduled   time.Time
	Created     time.Time
	Started     time.Time // zero before the first attempt
	Updated     time.Time
	Ended       time.Time // zero until the run has ended
	Progress    Progress
	Attributes  map[string]any  // to search by: int64, float64 or string each; filled in by Get, Find and List
	Saves       int64           // checkpoints within steps
	Stall       time.Duration   // that steps stood still for them
	Active      time.Duration   // spent in steps
	Pace        Pace            // of the newest checkpoints: how often, and why; zero until one within a step was measured
	Stop        *Stop           // how it was stopped in order the last time; nil if it never was
	Session     Session         // what its present owner, or else the last one, has measured of its progress
	Tried       time.Duration   // of it, in the present try of the step, which its Timeout bounds
	Head        []byte          // hash of the newest history row
	Hooks       []Hook          // given at start
	State       json.RawMessage // of the newest checkpoint; nil once deleted, or if left out, as by Execute and Wait if it is larger than 1 MiB
	Brief       string          // short form of State
	Result      json.RawMessage // of a completed run
	Fault       string          // why State or Result cannot be read from its file; "" if nothing is wrong
}

// Wait is what a waiting run waits for, besides Run.Due. The zero value stands for nothing.
type Wait struct {
	Kind     string   // retry, timer, start, signal, children or limit (on children in flight)
	Signals  []Branch // awaited
	Children string   // the step for when they have ended
	Else     string   // the step for when Due comes first
}

// Progress is how far a run is, in units of its workflow's choice.
type Progress struct {
	Done  int64 // -1 when the step has told none
	Total int64 // -1 when unknown
}

func (r *Run) reason() string { return cmp.Or(r.Error, r.Reason) }

// runOf makes a Run of a stored row. It reads payloads with def, or as they are if def is nil.
func runOf(row *store.Run, def Definition) Run {
	run := Run{
		ID: row.ID, UUID: row.UUID, Workflow: row.Workflow, Version: int(row.Version), Fingerprint: row.Fingerprint,
		Key: row.Key, Status: Status(row.Status), Step: row.Step, Visit: int(row.Visit), Attempt: int(row.Attempt),
		Failures: int(row.Failures), Deaths: int(row.Deaths), Seq: row.Seq, Epoch: row.Epoch, Worker: row.Owner,
		Want: row.Want, Reason: row.Reason, Error: row.Error, Keep: Keep(row.Keep), Due: timeOf(row.DueUS),
		Waiting: waitOf(row), Deadline: timeOf(row.DeadlineUS), Ending: Status(row.Ending), Queue: row.Queue,
		Priority: int(row.Priority), FairKey: row.FairKey, Parent: row.Parent, Root: row.Root, Place: int(row.Place),
		Children: int(row.Children), Schedule: row.Schedule, Scheduled: timeOf(row.ScheduledUS),
		Created: timeOf(row.CreatedUS), Started: timeOf(row.StartedUS), Updated: timeOf(row.UpdatedUS),
		Ended: timeOf(row.EndedUS), Progress: Progress{row.Done, row.Total}, Saves: row.Saves, Seed: row.Seed, Preserve: preserveOf(row), Packed: packingOf(row),
		Stall: microseconds(row.StallUS), Active: microseconds(row.ActiveUS), Tried: microseconds(row.TriedUS), Head: row.HeadHash,
		Fault: cmp.Or(row.Checkpoint.Fault, row.ResultFault),
	}
	said := termsOf(row)
	run.Policy, run.Retry, run.Timeout = said.Checkpoint, said.Retry, said.Timeout
	run.Hooks = said.Hooks
	l := learnedOf(row)
	run.Pace, run.Session, run.Stop = l.Pace, l.Session, l.Stop
	run.State, run.Brief = showPayload(Payload(row.Checkpoint.State), def)
	run.Result, _ = showPayload(Payload(row.Result), nil)
	return run
}

// waitOf renders a row's wait. One that does not decode is left out here; it blocks the run when it is claimed.
func waitOf(row *store.Run) Wait {
	stored, err := row.Waits()
	if err != nil || Status(row.Status).Ended() { // one that has failed keeps its wait for those who retry it
		return Wait{}
	}
	w := Wait{Kind: stored.Kind}
	for _, d := range stored.Signals {
		w.Signals = append(w.Signals, Branch{d.Signal, d.Step})
	}
	if stored.Children != nil {
		w.Children = stored.Children.Step
	}
	if stored.Else != nil {
		w.Else = stored.Else.Step
	}
	return w
}

// showPayload renders a payload for people. One that cannot be read is left out here: the executor,
// which must not leave it out, reads it by itself.
func showPayload(p Payload, def Definition) (json.RawMessage, string) {
	switch {
	case len(p.Data) == 0:
		return nil, ""
	case def != nil:
		doc, brief, err := def.show(p)
		if err != nil {
			return nil, ""
		}
		return doc, brief
	}
	doc, err := p.JSON()
	if err != nil {
		return nil, ""
	}
	if brief, ok := briefMembers(p, nil); ok {
		return doc, brief
	}
	return doc, briefJSON(doc, nil)
}

// briefOf is the brief of showPayload, and costs less where the payload is large.
func briefOf(p Payload, def Definition) string {
	switch {
	case len(p.Data) == 0:
		return ""
	case def != nil:
		return def.sketch(p)
	}
	return sketch(p, nil)
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func microseconds(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
