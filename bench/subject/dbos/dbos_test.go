package dbos_test

import (
	"testing"

	"github.com/durable-wf/wf/bench/subject/dbos"
	"github.com/durable-wf/wf/bench/subject/subjecttest"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, dbos.Subjects(), map[string]string{
		"dbos":          "WAL, synchronous=NORMAL",
		"dbos-full":     "WAL, synchronous=FULL",
		"dbos-postgres": `Postgres \d+, fsync=on, synchronous_commit=on`,
	})
}
