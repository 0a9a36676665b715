// Package results is what a campaign leaves: figures, and what they were measured on and with.
package results

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/durable-wf/wf/bench/trial"
)

// File is what a campaign has measured.
type File struct {
	Began    time.Time           `json:"began"`
	Took     time.Duration       `json:"took_ns"`
	Quick    bool                `json:"quick,omitempty"` // too small to mean anything
	Reps     int                 `json:"reps"`
	Machine  Machine             `json:"machine"`
	Commit   string              `json:"commit"` // of this repository
	Subjects []trial.Description `json:"subjects"`
	Trials   []Trial             `json:"trials"`
	// Syncs is how many calls of fsync, fdatasync and their like a sequential step makes, by subject, as strace has counted them.
	Syncs map[string]float64 `json:"syncs_per_step,omitempty"`
}

// Machine is what it was measured on.
type Machine struct {
	CPU        string    `json:"cpu"`
	Cores      int       `json:"cores"`
	Memory     uint64    `json:"memory_bytes"`
	OS         string    `json:"os"`
	Kernel     string    `json:"kernel"`
	FileSystem string    `json:"file_system"`
	Go         string    `json:"go"`
	SyncSec    []float64 `json:"sync_s"` // what an fdatasync after a write of 4 KiB takes, the median before each repetition
}

// Trial is one workload on one subject, once.
type Trial struct {
	Subject    string             `json:"subject"`
	Workload   string             `json:"workload"`
	Rep        int                `json:"rep"`
	Size       int                `json:"n"`
	Took       time.Duration      `json:"took_ns"`
	CPU        time.Duration      `json:"cpu_ns"` // of all its processes
	Durability string             `json:"durability,omitempty"`
	Sample     map[string]float64 `json:"sample,omitempty"`
	Unable     string             `json:"unable,omitempty"`
	GaveUp     string             `json:"gave_up,omitempty"`
	Error      string             `json:"error,omitempty"`
}

// Load reads the file of a campaign.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &f, nil
}

// Save writes the file: whole, or not at all.
func (f *File) Save(path string) error {
	data, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", append(data, '\n'), 0o644); err != nil { //nolint:gosec // to be read by all
		return err
	}
	return os.Rename(path+".part", path)
}
