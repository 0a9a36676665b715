package store

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// say commits attributes and metrics with a run that is owned.
func (f *fixture) say(run Run, attributes []Attribute, metrics []Metric) Run {
	f.tb.Helper()
	f.apply(&Change{Lease: run.Lease(), Row: run, Attributes: attributes, Metrics: metrics,
		History: []History{{Kind: "checkpoint", DurationUS: -1, Worker: f.worker.ID}}})
	return f.mustRun(run.ID)
}

// said returns what a run has said.
func (f *fixture) said(run int64) (attributes []Attribute, metrics []Metric) {
	f.tb.Helper()
	found, err := f.Attributes(f.tb.Context(), run)
	if err != nil {
		f.tb.Fatal(err)
	}
	for _, name := range []string{"loss", "rate"} {
		points, err := f.Metrics(f.tb.Context(), run, name, 0, 0)
		if err != nil {
			f.tb.Fatal(err)
		}
		metrics = append(metrics, points...)
	}
	return found[run], metrics
}

// TestChangesThatShareARow sets, deletes and measures in changes that one batch may put together.
func TestChangesThatShareARow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	lease, done := run.Lease(), make(chan error, 4)
	for i := range 4 {
		c := &Change{Lease: lease, Row: run, History: []History{{Kind: "checkpoint", DurationUS: -1, Worker: f.worker.ID}},
			Attributes: []Attribute{{"i", int64(i)}, {"gone", int64(i)}, {"back", nil}},
			Metrics:    []Metric{{Name: "loss", X: int64(i), Value: float64(i)}, {Name: "loss", X: int64(i), Value: math.NaN()}}}
		if i == 3 {
			c.Attributes = []Attribute{{"i", "three"}, {"gone", nil}, {"back", nil}, {"back", 1.5}}
		}
		f.Submit(c, func(err error) { done <- err })
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	attributes, metrics := f.said(run.ID)
	if diff := cmp.Diff([]Attribute{{"back", 1.5}, {"i", "three"}}, attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	var want []Metric
	for i := range int64(4) {
		want = append(want, Metric{"loss", 2 * i, i, float64(i), 0}, Metric{"loss", 2*i + 1, i, math.NaN(), 0})
	}
	if diff := cmp.Diff(want, metrics, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(Metric{}, "TimeUS")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	f.wantClean()
}

// TestUndonePointsAreNotCounted holds that what a failed savepoint has measured leaves no gap.
func TestUndonePointsAreNotCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	lease := run.Lease()
	change := func(fails bool) *Change {
		return &Change{Lease: lease, Row: run, Metrics: []Metric{{Name: "loss", Value: 1}}, Attributes: []Attribute{{"fails", "yes"}},
			History: []History{{Kind: "checkpoint", DurationUS: -1, Worker: f.worker.ID}},
			Effect: func(*UserTx) error {
				if fails {
					return errBroken
				}
				return nil
			}}
	}
	busy, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 3)
	go func() {
		done <- f.Update(context.Background(), func(*Tx) error {
			close(busy)
			<-goOn
			return nil
		})
	}()
	<-busy // so that what is submitted now is one batch
	for _, fails := range []bool{true, false} {
		f.Submit(change(fails), func(err error) { done <- err })
	}
	close(goOn)
	var failed int
	for range 3 {
		if err := <-done; errors.Is(err, errBroken) {
			failed++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if failed != 1 {
		t.Errorf("%d changes failed, want the one whose SQL did", failed)
	}
	if _, metrics := f.said(run.ID); len(metrics) != 1 || metrics[0].N != 0 {
		t.Errorf("metrics %+v, want one, number 0", metrics)
	}
	f.wantClean()
}

var errBroken = errors.New("broken")

func TestArchiveAndPruneTakeAttributesAndMetrics(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	attributes := []Attribute{{"customer", int64(42)}, {"name", "Ä"}}
	metrics := []Metric{{"loss", 0, 1, 0.5, 7}, {"loss", 1, 2, math.NaN(), 7}, {"rate", 0, 2, math.Inf(1), 7}}
	ended := f.end(f.say(f.start("order", ""), attributes, metrics), "completed")
	f.endIn(time.August, ended)
	stays := f.say(f.start("order", ""), attributes, metrics)
	dry, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever, DryRun: true})
	if err != nil || dry.Metrics != 3 {
		t.Errorf("dry run: %+v, %v, want 3 metrics", dry, err)
	}
	got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{})
	if err != nil || got.Runs != 1 || got.Metrics != 3 {
		t.Fatalf("archive: %+v, %v, want 1 run and 3 metrics", got, err)
	}
	f.wantClean()
	archive := openReadOnly(t, filepath.Join(f.path+"-archive", "2026-08.db"))
	archive.wantClean()
	for name, in := range map[string]struct {
		f   *fixture
		run int64
	}{"archived": {archive, ended.ID}, "left": {f, stays.ID}} {
		gotA, gotM := in.f.said(in.run)
		if diff := cmp.Diff(attributes, gotA); diff != "" {
			t.Errorf("%s: attributes (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(metrics, gotM, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(Metric{}, "TimeUS")); diff != "" {
			t.Errorf("%s: metrics (-want +got):\n%s", name, diff)
		}
	}
	if gone, points := f.said(ended.ID); len(gone)+len(points) > 0 {
		t.Errorf("an archived run has left %v, %v", gone, points)
	}
}

func TestCheckFindsWhatWasSaidByNobody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ plant, want string }{
		{"UPDATE wf_attributes SET run = 99", "orphan: run 99: 1 attributes of a run that is gone"},
		{"UPDATE wf_metrics SET run = 99", "metric: run 99: 2 points of metric loss of a run that is gone"},
		{"DELETE FROM wf_metrics WHERE n = 0", "metric: run 1: metric loss has 1 points, the newest is number 1"},
	} {
		f := newFixture(t)
		f.say(f.start("order", ""), []Attribute{{"a", int64(1)}}, []Metric{{Name: "loss"}, {Name: "loss"}})
		f.wantClean()
		f.exec(tt.plant)
		if got := findings(t, f.Store); len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s: found %q, want %q", tt.plant, got, tt.want)
		}
	}
}
