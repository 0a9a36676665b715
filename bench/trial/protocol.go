package trial

import (
	"maps"
	"slices"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/workload"
)

// Description is what a program says about one of its subjects.
type Description struct {
	Key     string            `json:"key"`
	Engine  string            `json:"engine"`
	Config  string            `json:"config"`
	Module  string            `json:"module"`
	Version string            `json:"version"`
	Default bool              `json:"default,omitempty"`
	Caveats []string          `json:"caveats,omitempty"`
	Sizes   map[string]int    `json:"sizes"` // of each workload
	Unable  map[string]string `json:"unable,omitempty"`
}

func describe(s *subject.Subject) Description {
	d := Description{
		Key: s.Key, Engine: s.Engine, Config: s.Config, Module: s.Module, Version: subject.Version(s.Module),
		Default: s.Default, Caveats: s.Caveats, Sizes: map[string]int{}, Unable: maps.Clone(s.Unable),
	}
	if d.Unable == nil {
		d.Unable = map[string]string{}
	}
	for _, w := range workload.All() {
		d.Sizes[w.Name] = w.SizeFor(s)
		if w.Pure && !s.Pure && d.Unable[w.Name] == "" {
			d.Unable[w.Name] = "has no steps of this kind"
		}
	}
	return d
}

// Result is what a phase of a trial prints as a line of JSON.
type Result struct {
	Durability string          `json:"durability,omitempty"`
	Sample     workload.Sample `json:"sample,omitempty"`
	// Unable says why this subject cannot do this workload; the rest is empty then.
	Unable string `json:"unable,omitempty"`
	// GaveUp says why the workload was not waited for to its end. The figures are bounds then.
	GaveUp string `json:"gave_up,omitempty"`
}

func find[T any](list []T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, func(v T) bool { return is(&v) }); i >= 0 {
		return &list[i]
	}
	return nil
}
