// Package results is what a campaign leaves: figures, and what they were measured on and with.
package results

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/durable-wf/wf/bench/trial"
)

// File is what has been measured: by one campaign, or by several that have measured parts of it again.
type File struct {
	Quick     bool                `json:"quick,omitempty"` // too small to mean anything
	Campaigns []Campaign          `json:"campaigns"`       // in the order of time
	Subjects  []trial.Description `json:"subjects"`
	Trials    []Trial             `json:"trials"`
	// Syncs is how many calls of fsync, fdatasync and their like a sequential step makes, by subject, as strace has counted them.
	Syncs map[string]float64 `json:"syncs_per_step,omitempty"`
}

// Campaign is one call of the program, and what the machine was doing then.
type Campaign struct {
	Began   time.Time     `json:"began"`
	Took    time.Duration `json:"took_ns"`
	Reps    int           `json:"reps"`
	Commit  string        `json:"commit"` // of this repository
	Machine Machine       `json:"machine"`
	// Versions are those of the engines, by subject.
	Versions map[string]string `json:"versions,omitempty"`
	Load     float64           `json:"load"`   // the average of the minute before it began
	Busy     []float64         `json:"busy"`   // how many cores others kept busy before each repetition
	SyncSec  []float64         `json:"sync_s"` // what an fdatasync after a write of 4 KiB takes, the median before each repetition
}

// Quiet is how many cores others may keep busy while it is measured.
const Quiet = 0.1

// Disturbed reports whether others were at work before a repetition.
func (c *Campaign) Disturbed() bool {
	return slices.ContainsFunc(c.Busy, func(cores float64) bool { return cores > Quiet })
}

// Machine is what it was measured on.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Memory     uint64 `json:"memory_bytes"`
	OS         string `json:"os"`
	Kernel     string `json:"kernel"`
	FileSystem string `json:"file_system"`
	Go         string `json:"go"`
}

// Comparable reports whether figures of two machines may stand beside each other: the kernel, Go and the like may have
// been updated between.
func (m *Machine) Comparable(other *Machine) bool {
	return m.CPU == other.CPU && m.Cores == other.Cores && m.FileSystem == other.FileSystem
}

// Trial is one workload on one subject, once.
type Trial struct {
	Subject    string             `json:"subject"`
	Workload   string             `json:"workload"`
	Campaign   int                `json:"campaign,omitempty"` // which one it is of, from 0
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

// Add keeps a trial. It takes the place of what other campaigns have measured of the same workload on the same subject.
func (f *File) Add(t *Trial) {
	f.Trials = slices.DeleteFunc(f.Trials, func(old Trial) bool {
		return old.Workload == t.Workload && old.Subject == t.Subject && old.Campaign != t.Campaign
	})
	f.Trials = append(f.Trials, *t)
}

// Describe takes in the subjects of the newest campaign, in the place of what was known of them.
func (f *File) Describe(list []trial.Description) {
	versions := map[string]string{}
	f.Campaigns[len(f.Campaigns)-1].Versions = versions
	for _, d := range list {
		versions[d.Key] = d.Version
		if i := slices.IndexFunc(f.Subjects, func(old trial.Description) bool { return old.Key == d.Key }); i >= 0 {
			f.Subjects[i] = d
		} else {
			f.Subjects = append(f.Subjects, d)
		}
	}
}
