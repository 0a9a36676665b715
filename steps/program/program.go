// Package program holds the workflow exec, which makes a durable step of any program, whatever language it is
// written in. The state of a run is what the program keeps in its own state files: every whole version
// of them is recorded, and put back before the program starts again. docs/exec.md tells what a program
// may know about it; it need not know anything.
package program

import (
	"encoding/json"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Name names the workflow. Its result is what the program has named as one, or else the last line that it has
// printed, as JSON if it is that and as a text if it is not; null if it has printed nothing.
const Name engine.Name[State, json.RawMessage] = "exec"

// State is a program and how it is run, what it is told, and the newest version of its state files.
type State struct {
	Cmd      []string          `json:"cmd" help:"the program and its arguments" arg:"rest"`
	State    []string          `json:"state" help:"a file in which the program keeps its state, or a pattern such as 'ckpt_*.pt'"`
	Params   json.RawMessage   `json:"params" help:"what the program finds in WF_PARAMS: a JSON object"`
	Param    map[string]string `json:"param" help:"one more member of it, NAME=VALUE"`
	Env      []string          `json:"env" help:"for the program's environment: NAME=VALUE, or NAME as it is here"`
	Dir      string            `json:"dir" help:"the folder in which it runs (default: this one)"`
	Grace    time.Duration     `json:"grace" help:"kill it if it has not ended so long after SIGTERM" default:"10s"`
	LogLimit int64             `json:"log-limit" help:"how many bytes of its output are kept of each start" default:"20e6"`

	Saved   string  `json:"saved"` // Version for people; "" before the first start
	Version Version `json:"version"`
	Origin  Origin  `json:"origin"`
}

// Origin says where the program has been started, for whoever starts it again.
type Origin struct {
	Place  string   `json:"place"`  // run, host and folder in which the state files were recorded; "" before the first start
	Host   string   `json:"host"`   // where Around was recorded
	Around []string `json:"around"` // what of the environment chooses programs and libraries, NAME=VALUE
	Starts int      `json:"starts"` // of the program so far, as far as it was recorded
	Barren int      `json:"barren"` // times in a row that it asked to be started again and had saved nothing
}

// The exit codes by which a program speaks; any other one is a failure.
const (
	exitDone  = 0
	exitAgain = 85 // HTCondor's code of a program that has saved its state and wants to be started again
)

// Workflow is the workflow exec.
func Workflow() engine.Workflow[State, json.RawMessage] {
	return engine.Workflow[State, json.RawMessage]{
		Name:     Name,
		Version:  1,
		Doc:      "Run a program, and go on with it after an interruption.",
		Codec:    engine.CBOR, // state files are bytes
		Validate: (*State).validate,
		Steps:    []engine.Step[State]{{Name: "run", Do: run}},
	}
}

// run starts the program once and sees it through.
func run(ctx *engine.Context, s *State) (t engine.Transition, err error) {
	a := &attempt{ctx: ctx, s: s}
	if err := a.prepare(); err != nil {
		return t, a.release(err)
	}
	if err := a.start(); err != nil {
		return t, a.release(err)
	}
	told := a.trace()
	a.watch()
	told()
	t, err = a.settle()
	return t, a.release(err)
}
