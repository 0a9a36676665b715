package engine

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Host is what runs the steps of a definition: this package's SQLite executor is one. It gives a step
// its stored state and takes what the step wants to keep. Save and Record take effect in the order of
// the calls and call done once, after what they were given is durable (nil) or will never be (an
// error); done does not block. The methods are safe for concurrent use.
//
// A host stops a step by cancelling the context of [Definition.RunStep] with a cause. The step may
// then save once more, unless the cause is [ErrLeaseLost] or [ErrStorage].
type Host interface {
	// Save commits a checkpoint within the visit. The recorded calls before it are deleted with it.
	Save(s Snapshot, done func(error))
	// Record commits the result of a recorded call. If the call's own Tx has failed, done gets a *TxError:
	// there is no record then, and the step may go on.
	Record(r Record, done func(error))
	// Recorded returns the result that was committed for occurrence n of the call in this visit.
	Recorded(name string, n int64) (Record, bool, error)
	// Signal returns the signal that has led to this visit, if one has.
	Signal() (Delivered, bool, error)
	// Children returns a page of the children that were spawned last, in the order of their places,
	// from the one behind place after. An empty page is the end.
	Children(after int64) ([]Run, error)
	// Progress tells how far the step is. It must cost next to nothing.
	Progress(done, total int64)
	// Annotate keeps a note, as JSON, for the next event of the attempt.
	Annotate(name string, value json.RawMessage)
	// Folder returns a folder of the run's own, which is there.
	Folder() (string, error)
}

// Visit is one attempt at one step: what a Host gives to [Definition.RunStep].
type Visit struct {
	Ref    Ref
	From   Snapshot   // the newest committed checkpoint
	Wrote  int        // version of the definition that wrote it
	Seed   int64      // of the run
	Policy Checkpoint // given at start
	Widest Checkpoint // of the host, for what no narrower policy says
	Best   string     // the metric by which the best checkpoint is kept, as Preserve.Best says it
	MTBF   time.Duration
	Pace   Pace      // that earlier attempts have come to
	Until  time.Time // when the attempt has to have ended; zero: no limit. See [Context.Deadline]

	// Beats counts the attempt's signs of life: saves, progress and recorded calls. nil: nobody looks.
	Beats *atomic.Uint64
}

// Ref names a run and where it is.
type Ref struct {
	ID       int64  // the number in this file
	UUID     string // the identity across files
	Workflow string
	Key      string
	Step     string
	Visit    int   // counts the steps entered, from 1
	Attempt  int   // of this visit, from 1
	Epoch    int64 // rises with each owner: a fencing token for systems outside

	Scheduled time.Time // for which a schedule has started it; zero for a run that none has
	Undo      bool      // the visit is undone
}

// Snapshot is a checkpoint as a step makes it: the triple of state, random state and occurrence
// counters, which are committed together.
type Snapshot struct {
	State    Payload
	Random   []byte           // nil while the run has not used its generator
	Counters map[string]int64 // finished recorded calls of the visit, by name
	Brief    string           // short form of the state, for people
	Done     int64            // progress; -1 when the step has told none
	Total    int64            // -1 when unknown
	Stall    time.Duration    // how long the step stood still for it, measured when the next one is made
	Pace     Pace             // of the attempt, as of this snapshot

	Attributes map[string]any // set since the snapshot before: int64, float64 or string; nil deletes
	Metrics    []Metric       // measured since the snapshot before
}

// Metric is a point of a series that a step has measured.
type Metric struct {
	Name  string
	N     int64 // counts the points of the series, from 0; given with the commit
	X     int64 // the progress that was told last; -1 if none was
	Value float64
	Time  time.Time // of its commit; zero before
}

// Delivered is a signal as it has come.
type Delivered struct {
	ID      int64
	Name    string
	Key     string
	Sender  string // JSON: who sent it
	Visit   int    // that it has woken; 0 while it waits in the mailbox
	Time    time.Time
	Payload Payload
}

// Record is the result of one recorded call.
type Record struct {
	Name   string
	N      int64 // occurrence of Name in the visit, from 0
	Value  Payload
	Random []byte        // of the run's generator after the call
	Took   time.Duration // all tries together; -1 if nothing was timed
	Tries  int           // how often it was tried

	// Tx makes Value in the transaction that commits the record. nil: Value is there already.
	Tx func(context.Context, Tx) (Payload, error)
}

// Payload is an encoded value; Codec names the encoding.
type Payload = codec.Payload

// Outcome is what an attempt came to.
type Outcome struct {
	Err    error    // the attempt failed, or was stopped before it could say what happens next
	Next   string   // the step to go on with; "" ends the run
	Result Payload  // when Next is "" and the workflow gave a result
	State  Snapshot // after a step that has ended well, also if Err says that its transition leads nowhere
	Refuse error    // why Save has refused to go on: then nothing else of the Outcome counts

	Wait  *Hold     // to wait for before Next; nil goes on at once
	Sends []Message // to be delivered with the transition
	Tx    func(context.Context, Tx) error
}

// Hold is what a transition waits for. Times count from the commit.
type Hold struct {
	Pause    time.Duration // of a sleep, or the bound of the wait; 0 for none
	At       time.Time     // instead of Pause
	Else     string        // the step to which the bound leads; "" for a sleep
	Signals  []Branch
	Children []Child
	Limit    int // how many children may be in flight; 0 means all
	FailFast bool
}

// Branch is a step to which a signal leads.
type Branch struct{ Signal, Step string }

// Description is what a definition says about itself.
type Description struct {
	Name    string
	Version int
	Doc     string
	Steps   []StepDescription
	Inputs  []Input
	Signals []string

	Deadline time.Duration // 0 for none
	Preserve Preserve
}

// StepDescription describes a step of a workflow.
type StepDescription struct {
	Name  string
	To    []string
	Retry Retry

	Undo      bool          // it can be undone
	Pure      bool          // it has no effects outside its state
	Timeout   time.Duration // 0 for none
	Heartbeat time.Duration // 0 for none
}

// Definition is a workflow with its types erased. [Workflow] is the only implementation.
type Definition interface {
	// Describe returns name, version, steps and inputs.
	Describe() Description
	// Input makes the JSON of a starting state: base (JSON, may be nil), then words by input name as
	// on a command line, then defaults for what is left out. Its error is an *InputError.
	Input(base []byte, words map[string][]string) (json.RawMessage, error)
	// Complete makes of JSON as Input makes it the state from which a run would start: as Validate completes
	// it. Its error, an *InputError, says why no run can.
	Complete(in json.RawMessage) (json.RawMessage, error)
	// RunStep runs one attempt of one step and returns when the step has returned and everything that
	// it saved is durable or refused.
	RunStep(ctx context.Context, v Visit, h Host) Outcome
	// RunUndo undoes one visit of a step, in one attempt. Of its Outcome only Err, State and Refuse count.
	RunUndo(ctx context.Context, v Visit, h Host) Outcome

	faults() []error
	start(s any) (starting, error)          // from a *S
	startJSON(doc []byte) (starting, error) // from JSON as Input makes it
	show(p Payload) (state json.RawMessage, brief string, err error)
	sketch(p Payload) string // the brief of show
	fingerprint(step string) string
	readable(wrote int, p Payload) error           // nil if the state decodes as it is
	accept(wrote int, p Payload) (accepted, error) // as far as it decodes
	edit(wrote int, p Payload, set map[string]json.RawMessage) (state Payload, brief string, err error)
	signal(name string) (AnySignal, bool)
	performer() performer
}

// performer executes the steps of a definition as RunStep and RunUndo do, and copies nothing: v may change, and out is
// written over.
type performer interface {
	doStep(ctx context.Context, v *Visit, h Host, out *Outcome)
	undoStep(ctx context.Context, v *Visit, h Host, out *Outcome)
}

// definition is a Definition with what is derived from it once.
type definition struct {
	Definition
	performs     performer
	name         string
	version      int64
	first        string                     // step
	steps        map[string]StepDescription // by name
	fingerprints map[string]string          // by step
	sagas        bool                       // any step can be undone
	deadline     time.Duration
	preserve     Preserve
}

func newDefinition(def Definition) *definition {
	said := def.Describe()
	d := &definition{
		Definition: def, performs: def.performer(), name: said.Name, version: int64(said.Version), first: said.Steps[0].Name,
		steps: map[string]StepDescription{}, fingerprints: map[string]string{}, deadline: said.Deadline, preserve: said.Preserve,
	}
	for _, s := range said.Steps {
		d.steps[s.Name] = s
		d.sagas = d.sagas || s.Undo
		d.fingerprints[s.Name] = def.fingerprint(s.Name)
	}
	return d
}

// starting is the validated beginning of a run.
type starting struct {
	state Payload
	brief string
}
