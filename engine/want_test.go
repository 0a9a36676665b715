package engine_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// A cancel that was acknowledged is not undone by a later pause.
func TestPauseDoesNotUndoCancel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	in := make(chan bool, 9)
	block := oneStep("block", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		in <- true
		<-ctx.Done()
		return engine.Next(), ctx.Err()
	})
	a := openEngine(t, engine.Config{Path: path}, block)
	b := openEngine(t, engine.Config{Path: path}, block)
	serve(t, a)
	lost := 0
	for range 10 {
		run, err := block.Name.Start(t.Context(), b, count{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-in
		if _, err := b.Cancel(t.Context(), run.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, _ = b.Pause(t.Context(), run.ID, "") // too late, or refused
		r := eventually(t, b, run.ID, "stopped", func(r engine.Run) bool { return r.Status == engine.Paused || r.Status == engine.Cancelled })
		if r.Status != engine.Cancelled {
			lost++
			_, _ = b.Cancel(t.Context(), run.ID, "")
		}
	}
	if lost > 0 {
		t.Errorf("%d of 10 cancels were lost", lost)
	}
}

// A pause that meets a run that is blocked is granted: it does not run.
func TestBlockedRunWithAPauseWanted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	w := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) {
		changeBeside(t, path, "UPDATE wf_runs SET want = 'pause', want_detail = '{\"by\":\"me\"}' WHERE id = 1")
		return engine.Goto("nowhere"), nil
	})
	eng := openEngine(t, engine.Config{Path: path}, w)
	run, _, err := eng.StartHere(t.Context(), "r", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := eng.Execute(t.Context(), run.ID, nil)
	if err != nil || (got.Status != engine.Blocked && got.Status != engine.Paused) || got.Want != "" {
		t.Errorf("Execute = %s want %q, %v; want blocked and nothing wanted any more", got.Status, got.Want, err)
	}
	after, _ := eng.Get(t.Context(), run.ID)
	t.Logf("%s want %q", after.Status, after.Want)
}

// A pause that came too late does not meet the run after a person has resumed it.
func TestResumeTakesAPauseBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	suspendedAfterOne(t, path)
	mustExec(t, path, "UPDATE wf_runs SET want = 'pause'")
	eng := openEngine(t, engine.Config{Path: path}, countTo(nil))
	if run, err := eng.Resume(t.Context(), 1, nil); err != nil || run.Want != "" {
		t.Fatalf("Resume = %s, want %q, %v; want nothing wanted", run.Status, run.Want, err)
	}
	if run, err := eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Completed {
		t.Errorf("Execute = %s, %v; want completed", run.Status, err)
	}
}

// changeBeside changes the file while an engine has it open.
func changeBeside(t testing.TB, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Error(err)
	}
}
