package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/durable-wf/wf/engine/internal/preserve"
	"github.com/durable-wf/wf/engine/internal/store"
)

// Preserve says which older checkpoints of a run are kept: to fall back on, and to look at, to compare and to
// fork from ([Engine.States]). They are copies of its newest checkpoint, made at most once a second, or when it
// is the best so far; one goes only in the transaction that commits a newer one. A completed run has none,
// unless it was started with KeepAll.
//
// A zero field is filled from the next wider policy: StartOptions, Workflow, Config, default. What a start
// decides so is stored with the run and holds for all of its life, also in other programs.
type Preserve struct {
	// Last is how many of the newest are kept; 0 means 3.
	Last int `json:"last,omitempty"`
	// Spaced is how many older ones are kept at growing distances, the first one among them: with so many, and
	// a run that has spent T seconds in steps, any age has a checkpoint that is at least as old and at most
	// T^(2/Spaced) times as old. With 16, in a run of a week that is 5.3 times at the worst, and 3.6 as
	// measured with a save a second. 0 means 16, negative none.
	Spaced int `json:"spaced,omitempty"`
	// Bytes is how much the states of the spaced ones may take together, each counted in full though large ones
	// may share parts on disk; then fewer are kept. 0 means 256 MiB, negative any amount.
	Bytes int64 `json:"bytes,omitempty"`
	// Best keeps the best one by a metric that is measured with [Context.Metric]: "residual" the one with the
	// lowest, "accuracy:max" the one with the highest value. The value is the newest that was committed with
	// the checkpoint; one without it, or with NaN, is not the best. "" means none.
	Best string `json:"best,omitempty"`
}

// or fills the zero fields of p from wider.
func (p Preserve) or(wider Preserve) Preserve {
	if p.Last == 0 {
		p.Last = wider.Last
	}
	if p.Spaced == 0 {
		p.Spaced = wider.Spaced
	}
	if p.Bytes == 0 {
		p.Bytes = wider.Bytes
	}
	if p.Best == "" {
		p.Best = wider.Best
	}
	return p
}

// best is the metric of Best, and whether its highest value is the best.
func (p Preserve) best() (metric string, highest bool) {
	if name, ok := strings.CutSuffix(p.Best, ":max"); ok {
		return name, true
	}
	return strings.TrimSuffix(p.Best, ":min"), false
}

// policy is what the store keeps by.
func (p Preserve) policy() preserve.Policy {
	policy := preserve.Default()
	if p.Last > 0 {
		policy.Last = p.Last
	}
	if p.Spaced != 0 {
		policy.Spaced = max(p.Spaced, 0)
	}
	if p.Bytes != 0 {
		policy.Bytes = max(p.Bytes, 0)
	}
	policy.Best, policy.Max = p.best()
	return policy
}

// column is the policy as a run's row holds it.
func (p Preserve) column() (string, error) {
	policy := p.policy()
	if policy == preserve.Default() {
		return "", nil
	}
	text, err := json.Marshal(policy)
	return string(text), err
}

// preserveOf reads a run's row. A row that cannot be read says the default here; it blocks what writes.
func preserveOf(row *store.Run) Preserve {
	policy := preserve.Default()
	if row.Preserve != "" {
		policy = storedPolicy(row.Preserve)
	}
	p := Preserve{Last: policy.Last, Spaced: policy.Spaced, Bytes: policy.Bytes, Best: policy.Best}
	if p.Spaced == 0 {
		p.Spaced = -1
	}
	if p.Bytes == 0 {
		p.Bytes = -1
	}
	if policy.Max {
		p.Best += ":max"
	}
	return p
}

func storedPolicy(text string) preserve.Policy {
	policy := preserve.Default()
	_ = json.Unmarshal([]byte(text), &policy)
	return policy
}

const maxPreserved = 1000 // each save writes their numbers

func (p Preserve) faults() []error {
	var faults []error
	if p.Last < 0 || p.Last > maxPreserved {
		faults = append(faults, fmt.Errorf("preserve: last %d must be from 1 to %d", p.Last, maxPreserved))
	}
	if p.Spaced > maxPreserved {
		faults = append(faults, fmt.Errorf("preserve: spaced %d must be at most %d", p.Spaced, maxPreserved))
	}
	if name, _ := p.best(); p.Best != "" && nameFault(name) != nil {
		faults = append(faults, fmt.Errorf("preserve: best %q: %w", p.Best, nameFault(name)))
	}
	return faults
}

// String describes the policy for people.
func (p Preserve) String() string {
	policy := p.policy()
	text := fmt.Sprintf("the last %d", policy.Last)
	if policy.Spaced > 0 {
		text += fmt.Sprintf(", %d spaced ones", policy.Spaced)
	}
	if policy.Best != "" {
		text += ", the best by " + p.Best
	}
	return text
}

// record is the best value of a metric in an attempt.
type record struct {
	policy preserve.Policy
	held   []preserve.Point // the one that holds it
}

func newRecord(best string) record {
	metric, highest := Preserve{Best: best}.best()
	return record{policy: preserve.Policy{Best: metric, Max: highest}}
}

// take reports whether the newest of the points that are committed together breaks the record.
func (r *record) take(points []Metric) bool {
	value := math.NaN()
	for i := range points {
		if points[i].Name == r.policy.Best {
			value = points[i].Value
		}
	}
	if !r.policy.Improves(r.held, value) {
		return false
	}
	r.held = []preserve.Point{{Value: value}}
	return true
}

// reasons says of each of the checkpoints that a run keeps, oldest first, why it is kept.
func reasons(row *store.Run, kept []store.Copy) [][]string {
	policy := preserveOf(row).policy()
	var points []preserve.Point
	for i := range kept {
		if kept[i].ID != 0 { // else it is the newest, which has no copy yet
			points = append(points, preserve.Point{Value: metricOf(&kept[i])})
		}
	}
	why := make([][]string, len(kept))
	for i, reason := range policy.Why(points) {
		if reason&preserve.Last != 0 {
			why[i] = append(why[i], "last")
		}
		if reason&preserve.Spaced != 0 {
			why[i] = append(why[i], "spaced")
		}
		if reason&preserve.Best != 0 {
			why[i] = append(why[i], fmt.Sprintf("best %s=%v", policy.Best, points[i].Value))
		}
	}
	return why
}

func metricOf(c *store.Copy) float64 {
	if c.Metric == nil {
		return math.NaN()
	}
	return *c.Metric
}
