package raw_test

import (
	"testing"

	"github.com/durable-wf/wf/bench/subject/raw"
	"github.com/durable-wf/wf/bench/subject/subjecttest"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, raw.Subjects(), map[string]string{"raw": "WAL, synchronous=FULL"})
}
