package store

// Run is a row of wf_runs. Times are Unix microseconds UTC; zero and "" stand for NULL.
type Run struct {
	ID           int64      `db:"id"`
	UUID         string     `db:"uuid"`
	Workflow     string     `db:"workflow"`
	Version      int64      `db:"version"`
	Fingerprint  string     `db:"fingerprint"`
	Key          string     `db:"key"`
	Status       string     `db:"status"`
	Step         string     `db:"step"`
	Visit        int64      `db:"visit"`
	Attempt      int64      `db:"attempt"`
	Failures     int64      `db:"failures"`
	Deaths       int64      `db:"deaths"`
	Seq          int64      `db:"seq"`
	Epoch        int64      `db:"epoch"`
	Owner        int64      `db:"owner"`
	Want         string     `db:"want"`
	WantDetail   string     `db:"want_detail"`
	DueUS        int64      `db:"due_us"`
	Wait         string     `db:"wait"`        // JSON of a Wait; "" when it waits for nothing but its due time
	DeadlineUS   int64      `db:"deadline_us"` // set when it is created
	Ending       string     `db:"ending"`      // failed or cancelled: how it ends once its steps are undone
	Queue        string     `db:"queue"`
	Priority     int64      `db:"priority"` // higher ones are claimed first
	FairKey      string     `db:"fair_key"`
	Rank         int64      `db:"rank"`         // the writer's: its turn among those of the same priority
	Parent       int64      `db:"parent"`       // this, and the three that follow, are set for children alone
	ParentVisit  int64      `db:"parent_visit"` // visit of the parent that waits for it
	Place        int64      `db:"place"`        // among the children of that visit, from 0
	Root         int64      `db:"root"`
	Children     int64      `db:"children"` // how many it has spawned
	Schedule     int64      `db:"schedule"`
	ScheduledUS  int64      `db:"scheduled_us"`
	CreatedUS    int64      `db:"created_us"`
	StartedUS    int64      `db:"started_us"`
	UpdatedUS    int64      `db:"updated_us"`
	EndedUS      int64      `db:"ended_us"`
	FirstHistory int64      `db:"first_history"`
	HeadHistory  int64      `db:"head_history"`
	HeadHash     []byte     `db:"head_hash"`
	Keep         string     `db:"keep"`
	Policy       string     `db:"policy"`
	Preserve     string     `db:"preserve"` // JSON of a preserve.Policy; "" for the default
	Packed       string     `db:"packed"`   // JSON: where it was packed to go on elsewhere; "" if it was not
	Seed         int64      `db:"seed"`
	Reason       string     `db:"reason"`
	Error        string     `db:"error"`
	Done         int64      `db:"done"`  // progress; -1 when the step has told none
	Total        int64      `db:"total"` // -1 when unknown
	Saves        int64      `db:"saves"`
	StallUS      int64      `db:"stall_us"`
	ActiveUS     int64      `db:"active_us"`
	TriedUS      int64      `db:"tried_us"` // of ActiveUS, in the present try of the step
	Learned      string     `db:"learned"`  // JSON, the engine's
	Copies       string     `db:"copies"`   // JSON array of ids in wf_checkpoints, oldest first
	CopiedUS     int64      `db:"copied_us"`
	Result       Payload    `db:"result"`
	ResultFault  string     // why Result could not be read from its file; "" if it was
	Checkpoint   Checkpoint `db:"checkpoint"`
}

// Payload is an encoded value. Codec names how it was encoded ("" when there is none). Text
// codecs ("json") are stored as SQL text, so that SQLite's JSON functions read them; others as blobs.
//
// What is larger than 1 MiB is stored in a file of its own, and the column holds the file's name, with
// the codec "json+file". Callers of this package do not see that, but in two cases: in the rows that a
// Tx reads, and in a row whose Fault says that the file cannot be read. Such a row may be written back.
type Payload struct {
	Codec string `db:"codec"`
	Data  []byte `db:"data"`
}

// Checkpoint is the triple from which a step goes on: state, state of the random generator and
// occurrence counters of recorded calls (JSON). They are written together or not at all.
type Checkpoint struct {
	State    Payload `db:"state"`
	Checksum uint32  `db:"checksum"` // CRC-32C of State.Data; a Change leaves it to the writer if that is larger than 1 MiB
	Random   []byte  `db:"random"`
	Counters string  `db:"counters"`
	Size     int64   // of State.Data in bytes, as long as that is in a file
	Fault    string  // why State could not be read from its file; "" if it was
}

// Copy is a row of wf_checkpoints: an older checkpoint to fall back on.
type Copy struct {
	ID          int64      `db:"id"`
	Run         int64      `db:"run"`
	Seq         int64      `db:"seq"`
	TimeUS      int64      `db:"time_us"`
	Version     int64      `db:"version"`
	Fingerprint string     `db:"fingerprint"`
	Step        string     `db:"step"`
	Visit       int64      `db:"visit"`
	Bad         string     `db:"bad"`
	ActiveUS    int64      `db:"active_us"` // time spent in steps until then
	Done        int64      `db:"done"`      // progress; -1 when unknown
	Total       int64      `db:"total"`
	Metric      *float64   `db:"metric"` // that came with it, of the run's preserve.Policy; nil for none
	Size        int64      `db:"size_bytes"`
	Checkpoint  Checkpoint `db:"checkpoint"`
}

// Call is a row of wf_calls: the value of a recorded call.
type Call struct {
	Visit    int64   `db:"visit"`
	Name     string  `db:"name"`
	N        int64   `db:"n"` // occurrence of Name in the visit, from 0
	TimeUS   int64   `db:"time_us"`
	Value    Payload `db:"value"`
	Checksum uint32  `db:"checksum"`
	Random   []byte  `db:"random"` // state of the random generator after the call
	Fault    string  // why Value could not be read from its file; "" if it was
}

// History is a row of wf_history. The writer fills ID, Run, Seq, Prev, TimeUS and Hash.
type History struct {
	ID         int64  `db:"id"`
	Run        int64  `db:"run"`
	Seq        int64  `db:"seq"`
	Prev       int64  `db:"prev"`
	TimeUS     int64  `db:"time_us"`
	Kind       string `db:"kind"`
	Step       string `db:"step"`
	Next       string `db:"next"`
	Visit      int64  `db:"visit"`
	Attempt    int64  `db:"attempt"`
	DurationUS int64  `db:"duration_us"` // -1 when nothing was timed
	Worker     int64  `db:"worker"`
	Error      string `db:"error"`
	Detail     string `db:"detail"` // JSON
	Hash       []byte `db:"hash"`
}

// Worker is a row of wf_workers.
type Worker struct {
	ID        int64  `db:"id"`
	UUID      string `db:"uuid"`
	Host      string `db:"host"`
	PID       int64  `db:"pid"`
	Program   string `db:"program"`
	Version   string `db:"version"`
	StartedUS int64  `db:"started_us"`
	StoppedUS int64  `db:"stopped_us"`
	Died      bool   `db:"died"`
}

// Create is a new run. The writer fills identity numbers, times and the first history row's chain.
type Create struct {
	Run        Run         // what a start decides; Owner != 0 starts it running, DueUS or Wait lets it wait
	Yield      bool        // with Run.Owner: it gets its turn like all others if its queue has limits, or any run waits for a worker
	InputHash  []byte      // with Key: what the key stands for
	Reuse      []string    // with Key: statuses of the key's run in which the new run takes the key over; "": it was deleted
	History    History     // kind created
	Undo       bool        // its first step can be undone
	Attributes []Attribute // to search by
	Hooks      bool        // hooks are to be fired when it ends
	From       *Origin     // the visit from which it goes on; nil for a run that begins

	// Lease, if it is not nil, is that of Run as it stands here. It becomes that of the run as it is created, and
	// changes of it may be submitted behind the Create at once. They fail as those of others if the run is not created,
	// or may not execute yet.
	Lease *Lease
}

// Change is one guarded change of a run: a compare-and-set on (id, epoch, seq, status). Either all
// of it is committed or nothing.
type Change struct {
	Lease       *Lease
	Row         Run       // new values of the row's changeable columns; Epoch is written as given, Want is not. The writer fills in what it gives
	State       bool      // write Row.Checkpoint (and a copy of it, at most one a second) too
	Calls       []Call    // recorded calls to insert
	ForgetCalls bool      // delete the recorded calls of the run, but for those of visits that may have to be undone
	History     []History // appended in order; at least one

	Undo       []Undo      // rows to insert or, if the visit has one, to change
	Attributes []Attribute // to set
	Metrics    []Metric    // to append
	Sends      []Signal    // to deliver to other runs
	Spawn      []Create    // children; Parent, ParentVisit, Place and Root are filled in
	Limit      int         // how many of them may be in flight; 0 means all

	Spoilt *Spoilt // the checkpoints that the change leaves behind for good; nil for none

	// Effect is the user's SQL, run in a savepoint of the same transaction; its error (or panic)
	// fails this change alone and is returned in an *EffectError. It is called again if the transaction
	// has to be repeated for a reason that lies with another request; what it wrote before is undone then.
	// A change with an Effect has at most one recorded call, whose value the Effect sets.
	Effect func(*UserTx) error

	Want  string  // set by the writer: what others want of the run, "" for nothing
	Wakes bool    // set by the writer: Effect has given others something to do
	Woken *Signal // set by the writer, when Row was to wait for signals: the one that was there, and Row then goes on
}

// Spoilt are checkpoints that must not be used again. They are kept for whoever looks into it, as others are.
type Spoilt struct {
	Why    string
	Row    *Run    // the run with its checkpoint as it was, to be copied; nil for none
	Copies []int64 // to be marked
}

// Undo is a row of wf_undos: what has to be undone if the run fails.
type Undo struct {
	Visit    int64  `db:"visit"`
	Step     string `db:"step"`
	State    string `db:"state"` // open, done or skipped
	Attempts int64  `db:"attempts"`
	Failures int64  `db:"failures"`
	Error    string `db:"error"`
	Reason   string `db:"reason"`
}

// Signal is a row of wf_signals.
type Signal struct {
	ID       int64   `db:"id"`
	Run      int64   `db:"run"`
	Name     string  `db:"name"`
	Key      string  `db:"key"`
	Visit    int64   `db:"visit"` // that it has woken; 0 while nobody has awaited it
	TimeUS   int64   `db:"time_us"`
	Sender   string  `db:"sender"` // JSON
	Value    Payload `db:"value"`
	Checksum uint32  `db:"checksum"`
}

// Attribute is a row of wf_attributes. Value is an int64, a float64 or a string; nil deletes the attribute.
type Attribute struct {
	Name  string `db:"name"`
	Value any    `db:"value"`
}

// Metric is a row of wf_metrics.
type Metric struct {
	Name   string  `db:"name"`
	N      int64   `db:"n"` // the writer's
	X      int64   `db:"x"`
	Value  float64 `db:"value"`
	TimeUS int64   `db:"time_us"` // the writer's
}

// Claim asks for runs to own: pending ones as far as their queues have places, those whose time or deadline has come,
// and those whose steps are undone.
type Claim struct {
	Worker    int64
	Workflows []string // only these; nil for all
	IDs       []int64  // only these, in one of Statuses
	Statuses  []string // with IDs: statuses from which to claim
	Root      int64    // without IDs: only descendants of this run
	Limit     int
	Slots     Slots // where the runs are to execute; nil if that is the caller's affair
}

// Slots are the places that a process has for runs. A claim reserves them only while it is granted, so that starts may
// take them until then. The writer calls the methods.
type Slots interface {
	Reserve(n int) int // takes up to n places, and returns how many
	Vacate(n int)      // gives back those that no run was given for
}
