package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRunRoundTrip(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.start("order", "k1")
	got := f.mustRun(made.ID)
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("run as created and as read (-created +read):\n%s", diff)
	}
	if string(got.Checkpoint.State.Data) != `{"total":42}` || got.Checkpoint.State.Codec != "json" {
		t.Errorf("state is %q (%s)", got.Checkpoint.State.Data, got.Checkpoint.State.Codec)
	}
	if _, err := f.Run(t.Context(), made.ID+1); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown run: %v, want ErrNotFound", err)
	}
}

func TestRunFinders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.LastID(ctx); !errors.Is(err, ErrNotFound) {
		t.Errorf("last run of none: %v, want ErrNotFound", err)
	}
	a, b, c := f.start("bill", "k"), f.start("order", "k"), f.start("zoo", "other")
	f.exec("UPDATE wf_runs SET uuid = 'abcd' || substr(uuid, 5) WHERE id = ?", a.ID)
	f.exec("UPDATE wf_runs SET uuid = 'abce' || substr(uuid, 5) WHERE id = ?", b.ID)
	f.exec("UPDATE wf_keys SET run_uuid = (SELECT uuid FROM wf_runs r WHERE r.workflow = wf_keys.workflow)")

	for prefix, want := range map[string]int64{"abcd": a.ID, "ABCE": b.ID, c.UUID: c.ID} {
		if run, err := f.RunByUUID(ctx, prefix); err != nil || run.ID != want {
			t.Errorf("RunByUUID(%q): run %d, %v, want %d", prefix, run.ID, err, want)
		}
	}
	for prefix, want := range map[string]error{"abc": ErrAmbiguous, "fff": ErrNotFound, "": ErrNotFound} {
		if _, err := f.RunByUUID(ctx, prefix); !errors.Is(err, want) {
			t.Errorf("RunByUUID(%q): %v, want %v", prefix, err, want)
		}
	}
	if run, err := f.RunByKey(ctx, "order", "k"); err != nil || run.ID != b.ID {
		t.Errorf("RunByKey(order, k): run %d, %v, want %d", run.ID, err, b.ID)
	}
	if _, err := f.RunByKey(ctx, "zoo", "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("RunByKey(zoo, k): %v, want ErrNotFound", err)
	}
	runs, err := f.KeyIDs(ctx, "k")
	mustLen(t, "KeyIDs(k)", runs, err, 2)
	runs, err = f.KeyIDs(ctx, "nobody's")
	mustLen(t, "KeyIDs(nobody's)", runs, err, 0)
	if id, err := f.LastID(ctx); err != nil || id != c.ID {
		t.Errorf("LastID: run %d, %v, want %d", id, err, c.ID)
	}
}

func TestRunsFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.end(f.start("order", "x"), "completed")
	b := f.end(f.start("order", ""), "failed")
	c := f.start("bill", "")
	for _, tt := range []struct {
		name   string
		filter RunFilter
		want   []int64
	}{
		{"all, newest first", RunFilter{}, []int64{c.ID, b.ID, a.ID}},
		{"limit", RunFilter{Limit: 2}, []int64{c.ID, b.ID}},
		{"next page", RunFilter{Limit: 2, BeforeID: b.ID}, []int64{a.ID}},
		{"after", RunFilter{AfterID: a.ID}, []int64{c.ID, b.ID}},
		{"workflow", RunFilter{Workflows: []string{"order"}}, []int64{b.ID, a.ID}},
		{"statuses", RunFilter{Statuses: []string{"running", "failed"}}, []int64{c.ID, b.ID}},
		{"owner", RunFilter{Owner: f.worker.ID}, []int64{c.ID}},
		{"key", RunFilter{Key: "x"}, []int64{a.ID}},
		{"since", RunFilter{SinceUS: c.CreatedUS}, []int64{c.ID}},
		{"until", RunFilter{UntilUS: b.CreatedUS}, []int64{a.ID}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runs, err := f.Runs(t.Context(), tt.filter)
			var got []int64
			for _, r := range runs {
				got = append(got, r.ID)
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got runs %v, error %v, want %v", got, err, tt.want)
			}
		})
	}
	runs, err := f.Runs(t.Context(), RunFilter{NoState: true, AfterID: b.ID})
	mustLen(t, "Runs without state", runs, err, 1)
	if runs[0].Checkpoint.State.Data != nil || runs[0].Checkpoint.State.Codec != "json" {
		t.Errorf("NoState: state is %+v", runs[0].Checkpoint.State)
	}
	counts, err := f.Counts(t.Context())
	if diff := cmp.Diff(map[string]int64{"completed": 1, "failed": 1, "running": 1}, counts); err != nil || diff != "" {
		t.Errorf("counts: %v\n%s", err, diff)
	}
}

func TestRunParts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	run := f.start("order", "")
	for _, state := range []string{`{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`} {
		run = f.save(run, state)
	}
	copies, err := f.Copies(ctx, run.ID)
	mustLen(t, "copies", copies, err, 4) // the last three, and a spaced one
	if got := string(copies[3].Checkpoint.State.Data); got != `{"n":4}` || copies[0].Run != run.ID {
		t.Errorf("newest copy of run %d is %s", copies[3].Run, got)
	}
	value := Payload{Codec: "json", Data: []byte(`"r"`)}
	f.apply(&Change{Lease: run.Lease(), Row: run, History: []History{{Kind: "call", DurationUS: 3}}, Calls: []Call{
		{Visit: 1, Name: "card", N: 0, Value: value, Random: []byte{1}}, {Visit: 2, Name: "card", N: 0, Value: value}}})
	calls, err := f.Calls(ctx, run.ID, 1)
	mustLen(t, "calls of visit 1", calls, err, 1)
	if calls[0].Name != "card" || string(calls[0].Value.Data) != `"r"` || calls[0].Value.Codec != "json" {
		t.Errorf("call is %+v", calls[0])
	}
	calls, err = f.Calls(ctx, run.ID, 0)
	mustLen(t, "calls of all visits", calls, err, 2)

	if wants, err := f.Wants(ctx, f.worker.ID); err != nil || len(wants) != 0 {
		t.Errorf("wants before any: %v, %v", wants, err)
	}
	f.update(func(tx *Tx) error { return tx.SetWant(run.ID, "pause", `{"why":"test"}`) })
	wants, err := f.Wants(ctx, f.worker.ID)
	if diff := cmp.Diff([]Want{{Run: run.ID, Want: "pause", Detail: `{"why":"test"}`}}, wants); err != nil || diff != "" {
		t.Errorf("wants: %v\n%s", err, diff)
	}
}

func TestDueUS(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if due, err := f.DueUS(t.Context(), 0); err != nil || due != 0 {
		t.Errorf("due of no runs: %d, %v, want 0", due, err)
	}
	for _, due := range []int64{9_000, 3_000, 5_000} {
		run := f.start("order", "")
		row := run
		row.Status, row.Owner, row.DueUS = "waiting", 0, due
		f.apply(&Change{Lease: run.Lease(), Row: row, History: []History{{Kind: "transition", DurationUS: -1}}})
	}
	if due, err := f.DueUS(t.Context(), 0); err != nil || due != 3_000 {
		t.Errorf("due: %d, %v, want 3000", due, err)
	}
	if due, err := f.DueUS(t.Context(), 5_000); err != nil || due != 9_000 {
		t.Errorf("due after 5000: %d, %v, want 9000", due, err)
	}
	f.exec("UPDATE wf_runs SET status = 'paused' WHERE due_us = 3000")
	if due, err := f.DueUS(t.Context(), 0); err != nil || due != 5_000 {
		t.Errorf("due with the first paused: %d, %v, want 5000", due, err)
	}
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	hour := time.Hour.Microseconds()
	f.exec("UPDATE wf_workers SET started_us = ?, stopped_us = ?, died = 1", hour, 3*hour)
	f.exec(`INSERT INTO wf_workers (uuid, host, pid, program, version, started_us, stopped_us) VALUES ('u2', 'here', 1, 'p', 'v', ?, ?)`, hour, 2*hour)
	f.exec(`INSERT INTO wf_workers (uuid, host, pid, program, version, started_us) VALUES ('u3', 'there', 1, 'p', 'v', ?)`, time.Now().UnixMicro()-hour)
	workers, err := f.Workers(ctx, false)
	mustLen(t, "workers", workers, err, 3)
	if !workers[0].Died || workers[0].StoppedUS != 3*hour || workers[1].Died {
		t.Errorf("workers are %+v", workers)
	}
	workers, err = f.Workers(ctx, true)
	mustLen(t, "living workers", workers, err, 1)
	if got, err := f.Reliability(ctx, "here"); err != nil || got != (Reliability{ObservedUS: 3 * hour, Failures: 1}) {
		t.Errorf("reliability of here: %+v, %v", got, err)
	}
	got, err := f.Reliability(ctx, "")
	if err != nil || got.Failures != 1 || got.ObservedUS < 4*hour || got.ObservedUS > 4*hour+hour/2 {
		t.Errorf("reliability of all hosts: %+v, %v", got, err)
	}
}
