package store

import (
	"strings"
	"testing"
)

// furnish fills a store with runs of all sorts, and returns one that is owned, has history, copies,
// calls and a key.
func furnish(f *fixture) Run {
	f.end(f.advance(f.start("order", "done"), 5), "completed")
	f.end(f.save(f.start("bill", ""), `{"n":1}`), "failed")
	run := f.advance(f.save(f.start("order", "live"), `{"n":2}`), 4)
	f.apply(&Change{Lease: run.Lease(), Row: run, History: []History{{Kind: "call", DurationUS: 3, Worker: f.worker.ID}}, Calls: []Call{
		{Visit: 1, Name: "card", Value: Payload{Codec: "json", Data: []byte(`"r"`)}, Checksum: checkpointOf("json", `"r"`).Checksum}}})
	return f.mustRun(run.ID)
}

func TestCheckCleanStore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	f.wantClean()
}

// TestCheckFinds plants damage of each kind.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, plant string
		want        string // part of a finding
	}{
		{"history of no run", "UPDATE wf_runs SET first_history = NULL WHERE id = :run; UPDATE wf_history SET run = 99 WHERE run = :run", "orphan: run 99: 7 history rows of a run that is gone"},
		{"checkpoint of no run", "UPDATE wf_checkpoints SET run = 99 WHERE run = :run", "orphan: run 99: older checkpoint of a run that is gone"},
		{"checkpoint that is not named", "UPDATE wf_runs SET copies = '[]' WHERE id = :run", "older checkpoint that its run does not name"},
		{"checkpoint that is missing", "DELETE FROM wf_checkpoints WHERE run = :run", "checkpoint: run 3: older checkpoint is missing"},
		{"checkpoint of another run", "UPDATE wf_checkpoints SET run = 2 WHERE run = :run", "older checkpoint belongs to run 2"},
		{"calls of no run", "UPDATE wf_calls SET run = 99", "orphan: run 99: 1 recorded calls of a run that is gone"},
		{"calls of a run that has ended", "UPDATE wf_calls SET run = 1", "orphan: run 1: 1 recorded calls of a run that has ended"},
		{"history of no worker", "DELETE FROM wf_workers", "history row of worker 1, which is gone"},
		{"owner that is gone", "DELETE FROM wf_workers", "owner: run 3: is owned by worker 1, which is gone"},
		{"running without an owner", "UPDATE wf_runs SET owner = NULL WHERE id = :run", "owner: run 3: is running without an owner"},
		{"ended with an owner", "UPDATE wf_runs SET owner = 1", "owner: run 1: has ended and is owned"},
		{"ended without a time", "UPDATE wf_runs SET ended_us = NULL", "status: run 1: is completed but has not ended"},
		{"running with an end", "UPDATE wf_runs SET ended_us = 5 WHERE id = :run", "status: run 3: is running but has ended"},
		{"unknown status", "PRAGMA ignore_check_constraints = 1; DROP TRIGGER wf_runs_moves; UPDATE wf_runs SET status = 'lost' WHERE id = :run", "status: run 3: is lost"},
		{"key of no run", "UPDATE wf_keys SET run_uuid = 'x' WHERE key = 'live'", "key: key live of workflow order names a run that is gone and never ended"},
		{"key of another run", "UPDATE wf_keys SET workflow = 'bill' WHERE key = 'live'", "key: run 3: key live of workflow bill and its run do not agree"},
		{"pruned and there", "INSERT INTO wf_pruned SELECT uuid, id, head_hash, seq, 1, NULL FROM wf_runs WHERE id = :run", "pruned: run 3: is here"},
		{"history row missing in the middle", "DELETE FROM wf_history WHERE run = :run AND seq = 4", "history: run 3: has 6 history rows"},
		{"history row missing: its follower", "DELETE FROM wf_history WHERE run = :run AND seq = 4", "the history row before it, "},
		{"history row missing at the end", "DELETE FROM wf_history WHERE run = :run AND seq = 7", "history: run 3: has 6 history rows"},
		{"history although it was deleted", "UPDATE wf_runs SET first_history = NULL WHERE id = :run", "must have none"},
		{"history row of another run before", "UPDATE wf_history SET prev = 2 WHERE run = :run AND seq = 4", "the history row before it is row 2 of run 1"},
		{"history row without one before", "UPDATE wf_history SET prev = NULL WHERE run = :run AND seq = 4", "history row 4 of its run names no row before it"},
		{"head that is another", "UPDATE wf_runs SET head_hash = x'00' WHERE id = :run", "newest history row has another hash"},
		{"checkpoint changed", "UPDATE wf_runs SET state = 'x' WHERE id = :run", "checksum: run 3: checkpoint does not match"},
		{"older checkpoint changed", "UPDATE wf_checkpoints SET state = 'x' WHERE run = :run", "checksum: run 3: older checkpoint does not match"},
		{"call changed", "UPDATE wf_calls SET value = 'x'", "checksum: run 3: call card 0 of visit 1 does not match"},
		{"index that lacks a row", "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'wf_runs_owner'", "integrity: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			run := furnish(f)
			f.wantClean()
			f.exec(strings.ReplaceAll(tt.plant, ":run", "3"))
			if run.ID != 3 || run.Seq != 7 {
				t.Fatalf("run %d has %d history rows", run.ID, run.Seq)
			}
			fresh := openReadOnly(t, f.path) // the connections that are open know the schema as it was
			got := strings.Join(findings(t, fresh.Store), "\n")
			if !strings.Contains(got, tt.want) {
				t.Errorf("found:\n%s\nwant: …%s…", got, tt.want)
			}
		})
	}
}

func TestCheckBadCheckpointIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	f.exec("UPDATE wf_checkpoints SET state = 'x', bad = 'checksum' WHERE run = 3")
	f.wantClean() // it is marked: kept for inspection
}
