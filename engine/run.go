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
	Seed        int64      // of the random generator
	Due         time.Time  // zero, or not before this time
	Created     time.Time
	Started     time.Time // zero before the first attempt
	Updated     time.Time
	Ended       time.Time // zero until the run has ended
	Progress    Progress
	Saves       int64           // checkpoints within steps
	Stall       time.Duration   // that steps stood still for them
	Active      time.Duration   // spent in steps
	Head        []byte          // hash of the newest history row
	State       json.RawMessage // of the newest checkpoint; nil once deleted, or if left out
	Brief       string          // short form of State
	Result      json.RawMessage // of a completed run
	Fault       string          // why State or Result cannot be read from its file; "" if nothing is wrong
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
		Created: timeOf(row.CreatedUS), Started: timeOf(row.StartedUS), Updated: timeOf(row.UpdatedUS),
		Ended: timeOf(row.EndedUS), Progress: Progress{row.Done, row.Total}, Saves: row.Saves, Seed: row.Seed,
		Stall: microseconds(row.StallUS), Active: microseconds(row.ActiveUS), Head: row.HeadHash,
		Fault: cmp.Or(row.Checkpoint.Fault, row.ResultFault),
	}
	if row.Policy != "" {
		_ = json.Unmarshal([]byte(row.Policy), &run.Policy) // written by start; without it the wider policies hold
	}
	run.State, run.Brief = showPayload(Payload(row.Checkpoint.State), def)
	run.Result, _ = showPayload(Payload(row.Result), nil)
	return run
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
	return doc, briefJSON(doc, nil)
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func microseconds(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
