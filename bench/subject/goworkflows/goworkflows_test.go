package goworkflows_test

import (
	"testing"

	"github.com/durable-wf/wf/bench/subject/goworkflows"
	"github.com/durable-wf/wf/bench/subject/subjecttest"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, goworkflows.Subjects(), map[string]string{
		"goworkflows":       "WAL, synchronous=FULL",
		"goworkflows-tuned": "WAL, synchronous=FULL",
	})
}
