package store

import (
	"fmt"
	"strings"
	"testing"
)

// A reader that stays is not waited for each time that the log has grown: copies beside the writer tell that it is there,
// and when it has left the log is started again.
func TestLongReaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	w := f.writer
	log := func() (l wal) {
		f.update(func(*Tx) error { l = w.wal; return nil })
		return l
	}
	grow := func(megabytes int) {
		for i := range megabytes {
			run = f.save(run, fmt.Sprintf(`{"n":%d,"s":"%s"}`, i, strings.Repeat("x", 1<<20-100)))
			f.update(func(*Tx) error { w.copier.wait(); return nil }) // where the writer is
		}
	}
	reader, err := f.read.Beginx()
	if err == nil {
		err = reader.Get(new(int), "SELECT count(*) FROM wf_runs")
	}
	if err != nil {
		t.Fatal(err)
	}
	grow(20)
	if l := log(); !l.held || l.pages < walLimit {
		t.Errorf("beside a reader the log has %d pages, held is %t", l.pages, l.held)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	grow(6)
	if l := log(); l.held || l.pages >= walLimit {
		t.Errorf("once the reader has left the log has %d pages, held is %t", l.pages, l.held)
	}
}
