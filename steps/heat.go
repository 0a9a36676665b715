package steps

import (
	"errors"
	"fmt"
	"math"

	"github.com/durable-wf/wf/engine"
)

// Heat names the workflow that lets heat spread over a plate.
const Heat engine.Name[HeatState, HeatResult] = "heat"

// HeatState is the state of Heat: the temperatures after I iterations.
type HeatState struct {
	NX        int           `json:"nx" help:"points from left to right, without the border" default:"64"`
	NY        int           `json:"ny" help:"points from top to bottom, without the border" default:"64"`
	Steps     int64         `json:"steps" help:"iterations at most" default:"10_000"`
	Tolerance float64       `json:"tolerance" help:"stop when no temperature changes by more than this in an iteration" default:"1e-6"`
	Begin     string        `json:"begin" help:"temperatures at first: sine (then the exact solution is known) or spot (a hot point in the middle)" default:"sine"`
	I         int64         `json:"i"`
	Residual  float64       `json:"residual"` // greatest change of the iteration before
	U         engine.Floats `json:"u"`        // row by row; empty before the first iteration
}

// HeatResult sums up the temperatures that Heat comes to.
type HeatResult struct {
	Iterations int64    `json:"iterations"`
	Residual   float64  `json:"residual"` // greatest change of the last iteration
	Mean       float64  `json:"mean"`
	Max        float64  `json:"max"`
	Off        *float64 `json:"off,omitempty"` // greatest distance from the exact solution; nil where none is known
}

// HeatWorkflow solves the heat equation on a plate whose border stays at 0, by explicit finite differences: the
// usual simulation, with an array as its state. The rows of an iteration are computed in parallel; each temperature
// is made of those before it in the same way, so the result is bit-identical for any number of CPUs.
func HeatWorkflow() engine.Workflow[HeatState, HeatResult] {
	return engine.Workflow[HeatState, HeatResult]{
		Name:     Heat,
		Version:  1,
		Doc:      "Let heat spread over a plate (2-D diffusion, finite differences).",
		Validate: (*HeatState).validate,
		Codec:    engine.CBOR, // the array is one copy there
		Steps:    []engine.Step[HeatState]{{Name: "diffuse", Pure: true, Do: diffuse}},
	}
}

// maxCells is 1 GB of temperatures.
const maxCells = 1 << 27

func (s *HeatState) validate() error {
	switch {
	case s.NX < 1 || s.NY < 1:
		return fmt.Errorf("nx %d and ny %d must be at least 1", s.NX, s.NY)
	case s.NX > maxCells/s.NY:
		return fmt.Errorf("nx times ny is more than %d points", maxCells)
	case s.Steps < 0:
		return fmt.Errorf("steps %d must not be negative", s.Steps)
	case !(s.Tolerance >= 0):
		return errors.New("tolerance must not be negative")
	case s.Begin != "sine" && s.Begin != "spot":
		return fmt.Errorf("begin %q must be sine or spot", s.Begin)
	}
	return nil
}

func diffuse(ctx *engine.Context, s *HeatState) (engine.Transition, error) {
	if len(s.U) == 0 {
		s.U, s.Residual = s.first(), math.MaxFloat64
	}
	next := make(engine.Floats, len(s.U))
	bands := newBands(s.NX, s.NY)
	for s.I < s.Steps && s.Residual > s.Tolerance {
		s.Residual = bands.iterate(next, s.U)
		s.U, next = next, s.U
		s.I++
		ctx.Progress(s.I, s.Steps)
		if s.notable() {
			ctx.Metric("residual", s.Residual)
		}
		if ctx.Due() {
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
		}
	}
	if s.I > 0 && !s.notable() {
		ctx.Metric("residual", s.Residual)
	}
	return Heat.Done(s.result()), nil
}

// notable reports whether the residual of this iteration is a point of its series: each one up to 100, each tenth up to
// 1,000 and so on, so that the series shows how it converges, has some 90 points a decade, and is the same
// wherever the run was interrupted.
func (s *HeatState) notable() bool {
	step := int64(1)
	for s.I/step >= 100 {
		step *= 10
	}
	return s.I > 0 && s.I%step == 0
}

// first makes the temperatures at first.
func (s *HeatState) first() engine.Floats {
	u := make(engine.Floats, s.NX*s.NY)
	if s.Begin == "spot" {
		u[s.NY/2*s.NX+s.NX/2] = 1
		return u
	}
	s.eachSine(func(k int, sine float64) { u[k] = sine })
	return u
}

// eachSine calls fn for each point with the value of one arch of a sine in both directions there.
func (s *HeatState) eachSine(fn func(k int, sine float64)) {
	across := arch(s.NX)
	for y, down := range arch(s.NY) {
		for x, a := range across {
			fn(y*s.NX+x, a*down)
		}
	}
}

// arch is an arch of a sine at n points between two zeros.
func arch(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.Sin(math.Pi * float64(i+1) / float64(n+1))
	}
	return values
}

// decay is by what an iteration multiplies the arch of a sine: it is an eigenvector of the finite differences.
func (s *HeatState) decay() float64 {
	loss := func(n int) float64 {
		half := math.Sin(math.Pi / 2 / float64(n+1))
		return 4 * conduct * half * half
	}
	return 1 - loss(s.NX) - loss(s.NY)
}

func (s *HeatState) result() HeatResult {
	r := HeatResult{Iterations: s.I, Residual: s.Residual, Max: math.Inf(-1)}
	if s.I == 0 {
		r.Residual = 0 // nothing has changed
	}
	sum := 0.0
	for _, u := range s.U {
		sum += u
		r.Max = max(r.Max, u)
	}
	r.Mean = sum / float64(len(s.U))
	if s.Begin == "sine" {
		off, size := 0.0, math.Pow(s.decay(), float64(s.I))
		s.eachSine(func(k int, sine float64) { off = max(off, math.Abs(s.U[k]-size*sine)) })
		r.Off = &off
	}
	return r
}
