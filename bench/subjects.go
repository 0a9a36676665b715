package main

import (
	"slices"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/subject/raw"
	"github.com/durable-wf/wf/bench/subject/wf"
)

// subjects returns everything that is measured, in the order of the report.
func subjects() []subject.Subject {
	return slices.Concat(raw.Subjects(), wf.Subjects())
}
