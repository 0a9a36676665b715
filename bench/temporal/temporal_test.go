package main

import (
	"testing"

	"github.com/durable-wf/wf/bench/subject/subjecttest"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, subjects(), map[string]string{
		"temporal":       "DELETE, synchronous=FULL",
		"temporal-tuned": "WAL, synchronous=FULL",
		"temporal-local": "WAL, synchronous=FULL",
	})
}
