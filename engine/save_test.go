package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// fakeHost keeps what a step hands over, and answers when it is told to.
type fakeHost struct {
	mu      sync.Mutex
	saves   []engine.Snapshot
	answers []func(error) // of the saves, not yet given
	records map[string]engine.Record
	auto    bool // answer at once
}

func (h *fakeHost) Save(s engine.Snapshot, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saves = append(h.saves, s)
	if h.auto {
		go done(nil)
		return
	}
	h.answers = append(h.answers, done)
}

// answer answers the oldest save.
func (h *fakeHost) answer(err error) {
	h.mu.Lock()
	done := h.answers[0]
	h.answers = h.answers[1:]
	h.mu.Unlock()
	done(err)
}

func (h *fakeHost) Record(r engine.Record, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records[fmt.Sprint(r.Name, r.N)] = r
	go done(nil)
}

func (h *fakeHost) Recorded(name string, n int64) (engine.Record, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.records[fmt.Sprint(name, n)]
	return r, ok, nil
}

func (h *fakeHost) Progress(int64, int64) {}

// saved returns the values of i that were handed over.
func (h *fakeHost) saved(t testing.TB) (list []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.saves {
		var c count
		if err := json.Unmarshal(s.State.Data, &c); err != nil {
			t.Error(err)
		}
		list = append(list, c.I)
	}
	return list
}

// runStep runs an attempt of a step that does fn.
func runStep(ctx context.Context, h engine.Host, p engine.Checkpoint, fn func(*engine.Context, *count) error) engine.Outcome {
	w := engine.Workflow[count, int64]{Name: counting, Steps: []engine.Step[count]{{
		Name: "add", Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			err := fn(ctx, s)
			return counting.Done(s.I), err
		},
	}}}
	return w.RunStep(ctx, engine.Visit{
		Ref:    engine.Ref{ID: 1, Step: "add", Visit: 1, Attempt: 1},
		From:   engine.Snapshot{State: engine.Payload{Codec: string(engine.JSON), Data: []byte(`{}`)}, Done: -1, Total: -1},
		Policy: p, MTBF: 24 * time.Hour,
	}, h)
}

var onTheClock = engine.Checkpoint{Interval: time.Hour}

// On the clock one save is in flight, the newest of those that come meanwhile waits, and all is durable
// before the step has ended.
func TestNewestSaveWins(t *testing.T) {
	t.Parallel()
	h := &fakeHost{}
	ended := make(chan engine.Outcome)
	stepped := make(chan bool)
	go func() { // ends with the step
		ended <- runStep(t.Context(), h, onTheClock, func(ctx *engine.Context, s *count) error {
			for s.I = 1; s.I <= 5; s.I++ {
				if err := ctx.Save(); err != nil {
					t.Errorf("Save: %v", err)
				}
			}
			close(stepped)
			return nil
		})
	}()
	<-stepped
	if got := h.saved(t); !slices.Equal(got, []int64{1}) {
		t.Errorf("saves in flight = %v, want the first one alone", got)
	}
	h.answer(nil)
	if got := h.saved(t); !slices.Equal(got, []int64{1, 5}) {
		t.Errorf("saves = %v, want 1 and then the newest, 5", got)
	}
	select {
	case out := <-ended:
		t.Fatalf("the step ended with a save in flight: %+v", out)
	default:
	}
	h.answer(nil)
	if out := <-ended; out.Err != nil || out.Refuse != nil || string(out.Result.Data) != "6" {
		t.Errorf("outcome = %+v, want 6", out)
	}
}

// What was saved is durable before a failure is reported, too.
func TestSaveIsFlushedOnFailure(t *testing.T) {
	t.Parallel()
	h := &fakeHost{auto: true}
	out := runStep(t.Context(), h, onTheClock, func(ctx *engine.Context, s *count) error {
		for s.I = 1; s.I < 5; s.I++ {
			if err := ctx.Save(); err != nil {
				t.Errorf("Save: %v", err)
			}
		}
		return errors.New("failed")
	})
	if got := h.saved(t); got[len(got)-1] != 4 {
		t.Errorf("saves = %v, want the last one to be 4", got)
	}
	if out.Err == nil || out.Refuse != nil {
		t.Errorf("outcome = %+v, want the step's error", out)
	}
}

// An error that shows late refuses everything that follows, whatever the author makes of it.
func TestRefusalIsFinal(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{engine.ErrLeaseLost, engine.ErrStorage} {
		h := &fakeHost{records: map[string]engine.Record{}}
		out := runStep(t.Context(), h, onTheClock, func(ctx *engine.Context, s *count) error {
			if err := ctx.Save(); err != nil {
				t.Errorf("first Save: %v", err)
			}
			h.answer(cause)
			for range 2 {
				if err := ctx.Save(); !errors.Is(err, cause) {
					t.Errorf("Save = %v, want %v", err, cause)
				}
			}
			if _, err := engine.Do(ctx, "call", noted(t, true)); !errors.Is(err, cause) {
				t.Errorf("Do = %v, want %v", err, cause)
			}
			if !errors.Is(context.Cause(ctx), cause) {
				t.Errorf("cause = %v, want %v", context.Cause(ctx), cause)
			}
			s.I = 99
			return nil // a careless author
		})
		if !errors.Is(out.Refuse, cause) || out.Next != "" || out.Result.Data != nil || len(h.saved(t)) != 1 || len(h.records) != 0 {
			t.Errorf("outcome = %+v after saves %v, want nothing but the refusal", out, h.saved(t))
		}
	}
}

// Once Save has told the step to stop, what goes on beside it is not recorded either.
func TestNothingIsRecordedAfterARefusal(t *testing.T) {
	t.Parallel()
	h := &fakeHost{auto: true, records: map[string]engine.Record{}}
	ctx, stop := context.WithCancelCause(t.Context())
	out := runStep(ctx, h, onTheClock, func(ctx *engine.Context, _ *count) error {
		called, goOn, done := make(chan bool), make(chan bool), make(chan error)
		go func() { // ends with the call
			_, err := engine.Do(ctx, "slow", func(context.Context) (int, error) {
				close(called)
				<-goOn
				return 1, nil
			})
			done <- err
		}()
		<-called
		stop(engine.ErrShutdown)
		if err := ctx.Save(); !errors.Is(err, engine.ErrStopped) {
			t.Errorf("Save = %v, want ErrStopped", err)
		}
		close(goOn)
		if err := <-done; !errors.Is(err, engine.ErrStopped) {
			t.Errorf("Do = %v, want ErrStopped", err)
		}
		return nil
	})
	if !errors.Is(out.Refuse, engine.ErrStopped) || len(h.records) != 0 {
		t.Errorf("outcome = %+v with %d records, want ErrStopped and none", out, len(h.records))
	}
}

// Every is exact: each such save is durable before the loop goes on.
func TestEveryIsExact(t *testing.T) {
	t.Parallel()
	var seen []int64
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		run, err := ctxEngine(ctx).Get(ctx, ctx.Run().ID)
		var stored count
		if err = errors.Join(err, json.Unmarshal(run.State, &stored)); err != nil {
			return err
		}
		if want := s.I / 3 * 3; stored.I != want {
			t.Errorf("before iteration %d the database has i=%d, want %d", s.I, stored.I, want)
		}
		seen = append(seen, stored.I)
		return nil
	}))
	ctx := context.WithValue(t.Context(), engineKey{}, eng)
	if _, err := counting.Run(ctx, eng, count{N: 10}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 3}}); err != nil {
		t.Fatal(err)
	}
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Saves != 3 || len(seen) != 10 {
		t.Errorf("%d saves in %d iterations, %v; want 3 in 10", run.Saves, len(seen), err)
	}
}

type engineKey struct{}

func ctxEngine(ctx context.Context) *engine.Engine { return ctx.Value(engineKey{}).(*engine.Engine) }

// A careless author ignores that Save has told it to stop, and returns a result.
func TestWhatAStoppedStepReturnsIsIgnored(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		if s.I == 2 && s.Total == 3 {
			stop()
			<-ctx.Done()
			_ = ctx.Save()
			s.I, s.Total = 100, 100
		}
		return nil
	}))
	_, err := counting.Run(ctx, eng, count{N: 3}, nil)
	if stopped, ok := errors.AsType[*engine.RunError](err); !ok || stopped.Status != engine.Suspended {
		t.Errorf("Run = %v, want suspended", err)
	}
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Brief != "i=2 total=3" {
		t.Errorf("the run is at %q, %v; want i=2 total=3", run.Brief, err)
	}
}

// P3: each attempt starts from the newest committed Save, and Retry.Attempts counts attempts without one.
func TestAttemptsCountFromTheNewestSave(t *testing.T) {
	t.Parallel()
	var from []string
	def := countTo(func(ctx *engine.Context, s *count) error {
		from = append(from, fmt.Sprintf("%d@%d", s.I, ctx.Run().Attempt))
		if s.I < 3 { // each attempt gets one further, and fails
			s.I++
			if err := ctx.Save(); err != nil {
				t.Errorf("Save: %v", err)
			}
		}
		s.Total = -1 // never saved
		return errors.New("again")
	})
	def.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: 1}
	eng := newEngine(t, def)
	_, err := counting.Run(t.Context(), eng, count{N: 9}, nil)
	if failed, ok := errors.AsType[*engine.RunError](err); !ok || failed.Status != engine.Failed {
		t.Errorf("Run = %v, want failed", err)
	}
	if want := []string{"0@1", "1@2", "2@3", "3@4"}; !slices.Equal(from, want) {
		t.Errorf("attempts began at %v, want %v", from, want)
	}
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Brief != "i=3 total=0" || run.Failures != 2 {
		t.Errorf("the run is at %q with %d failures, %v; want i=3 total=0 with 2", run.Brief, run.Failures, err)
	}
}

// Calls, and saves beside them, over many failures: none is made twice, none is left out.
func TestCallsAndSavesNeverRepeatNorSkip(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.Checkpoint{{Every: 1}, {Interval: time.Nanosecond}} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			var made []string
			tries := 0
			eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Checkpoint: policy, Steps: []engine.Step[trip]{{
				Name: "a", Retry: engine.Retry{Attempts: -1, Initial: 1},
				Do: func(ctx *engine.Context, s *trip) (engine.Transition, error) {
					tries++
					for i := 0; len(s.Cities) < 30; i++ {
						name := fmt.Sprintf("%c", 'a'+len(s.Cities)%3)
						city, err := engine.Do(ctx, name, func(context.Context) (string, error) {
							made = append(made, fmt.Sprintf("%s%d", name, len(made)))
							return made[len(made)-1], nil
						})
						if err != nil {
							return engine.Transition{}, err
						}
						s.Cities = append(s.Cities, city)
						if i%4 == tries%4 {
							if err := ctx.Save(); err != nil {
								return engine.Transition{}, err
							}
						}
						if i == 4+tries%3 {
							return engine.Transition{}, errors.New("again")
						}
					}
					return tour.Done(strings.Join(s.Cities, " ")), nil
				},
			}}})
			got, err := tour.Run(t.Context(), eng, trip{}, nil)
			if err != nil || got != strings.Join(made, " ") || len(made) != 30 {
				t.Errorf("after %d attempts: Run = %q, %v; %d calls were made: %q", tries, got, err, len(made), made)
			}
		})
	}
}

// P4: a call whose record is committed is not made again, also if the step saves while another
// goroutine records.
func TestConcurrentSaveForgetsNoRecord(t *testing.T) {
	t.Parallel()
	var made sync.Map
	tries := 0
	call := func(ctx context.Context) (int, error) {
		if _, again := made.LoadOrStore(engine.CallKey(ctx), true); again {
			t.Errorf("the call %s was made again", engine.CallKey(ctx))
		}
		return 1, nil
	}
	def := countTo(func(ctx *engine.Context, _ *count) error {
		tries++
		done := make(chan error, 1)
		go func() { // ends with the last call
			for range 50 {
				if _, err := engine.Do(ctx, "call", call); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for {
			select {
			case err := <-done:
				if err == nil && tries < 3 {
					err = errors.New("again")
				}
				return err
			default:
				if err := ctx.Save(); err != nil {
					return err
				}
			}
		}
	})
	def.Steps[0].Retry = engine.Retry{Attempts: -1, Initial: 1}
	eng := newEngine(t, def)
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Error(err)
	}
}

func TestMisuseFailsForGood(t *testing.T) {
	t.Parallel()
	nested := func(ctx *engine.Context, name string) error {
		_, err := engine.Do(ctx, "call", func(context.Context) (int, error) {
			_, err := engine.Do(ctx, name, noted(t, name == "call"))
			return 0, err
		})
		return err
	}
	tests := []struct {
		name string
		do   func(*engine.Context) error
		want string // in the error; "" for none
	}{
		{"one name at the same time", func(ctx *engine.Context) error { return nested(ctx, "call") }, "concurrent calls need distinct names"},
		{"two names at the same time", func(ctx *engine.Context) error { return nested(ctx, "other") }, ""},
		{"Rand inside Do", func(ctx *engine.Context) error {
			_, err := engine.Do(ctx, "call", func(context.Context) (int, error) { return ctx.Rand().Int(), nil })
			return err
		}, "Rand was used inside a recorded call"},
		{"a call outlives the step", func(ctx *engine.Context) error {
			called := make(chan bool)
			go func() { // ends with the step
				_ = engine.Exec(ctx, "call", func(ctx context.Context) error {
					close(called)
					<-ctx.Done()
					return nil
				})
			}()
			<-called
			return nil
		}, "returned while a recorded call was under way"},
		{"a panic in a call", func(ctx *engine.Context) error {
			return engine.Exec(ctx, "call", func(context.Context) error { panic("boom") })
		}, `call "call": panic: boom`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			def := countTo(func(ctx *engine.Context, _ *count) error { return tt.do(ctx) })
			if !strings.Contains(tt.name, "panic") {
				def.Steps[0].Retry = engine.Retry{Attempts: 5} // which must not be used
			}
			eng := newEngine(t, def)
			_, err := counting.Run(t.Context(), eng, count{N: 1}, nil)
			if ok := err == nil; ok != (tt.want == "") || !ok && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run = %v, want %q", err, tt.want)
			}
			if list := kinds(t, eng, 1); tt.want != "" && !slices.Equal(list, []string{"created", "attempt", "failed"}) && list[1] != "call" {
				t.Errorf("history = %v, want one attempt that failed", list)
			}
		})
	}
}

// P8, finished is finished: a call that outlives its step, and with it the run, leaves nothing.
func TestLateCallIsNotRecorded(t *testing.T) {
	t.Parallel()
	goOn, late := make(chan bool), make(chan error, 1)
	eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error {
		called := make(chan bool)
		go func() { // ends after the run
			late <- engine.Exec(ctx, "late", func(context.Context) error {
				close(called)
				<-goOn
				return nil
			})
		}()
		<-called
		return errors.New("failed")
	}))
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err == nil {
		t.Error("Run succeeded")
	}
	close(goOn)
	if err := <-late; !errors.Is(err, engine.ErrAttemptEnded) {
		t.Errorf("Exec = %v, want ErrAttemptEnded", err)
	}
	if got, want := kinds(t, eng, 1), []string{"created", "attempt", "failed"}; !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
}

func TestEndedContextRefuses(t *testing.T) {
	t.Parallel()
	var kept *engine.Context
	h := &fakeHost{auto: true}
	if out := runStep(t.Context(), h, onTheClock, func(ctx *engine.Context, _ *count) error { kept = ctx; return nil }); out.Err != nil {
		t.Fatal(out.Err)
	}
	for name, ctx := range map[string]*engine.Context{"ended": kept, "zero": {}} {
		if err := ctx.Save(); !errors.Is(err, engine.ErrAttemptEnded) {
			t.Errorf("%s: Save = %v, want ErrAttemptEnded", name, err)
		}
		if _, err := engine.Do(ctx, "call", noted(t, true)); !errors.Is(err, engine.ErrAttemptEnded) {
			t.Errorf("%s: Do = %v, want ErrAttemptEnded", name, err)
		}
		if err := engine.Exec(ctx, "call", func(context.Context) error { t.Error("called"); return nil }); !errors.Is(err, engine.ErrAttemptEnded) {
			t.Errorf("%s: Exec = %v, want ErrAttemptEnded", name, err)
		}
		ctx.Progress(1, 2)
		_, _, _ = ctx.Due(), ctx.Rand().Int(), ctx.Run()
		ctx.Log().Info("nothing panics")
	}
	if !errors.Is(context.Cause(kept), engine.ErrAttemptEnded) || len(h.saved(t)) != 0 {
		t.Errorf("cause = %v with %d saves, want ErrAttemptEnded with none", context.Cause(kept), len(h.saved(t)))
	}
}

// A reason that a person gives reaches the run and its history, also when the run was owned.
func TestReasonOfAStopIsKept(t *testing.T) {
	t.Parallel()
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, countTo(func(ctx *engine.Context, _ *count) error {
		<-ctx.Done()
		return ctx.Save()
	}))
	serve(t, eng)
	run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, eng, run.ID, engine.Running)
	if _, err := eng.Pause(t.Context(), run.ID, "maintenance"); err != nil {
		t.Fatal(err)
	}
	run = awaitStatus(t, eng, run.ID, engine.Paused)
	events := history(t, eng, run.ID)
	if last := events[len(events)-1]; !strings.HasPrefix(run.Reason, "maintenance (by ") || !strings.Contains(string(last.Detail), `"maintenance"`) {
		t.Errorf("reason = %q, detail = %s; want maintenance", run.Reason, last.Detail)
	}
}

func (h *fakeHost) Signal() (engine.Delivered, bool, error) { return engine.Delivered{}, false, nil }

func (h *fakeHost) Children(int64) ([]engine.Run, error) { return nil, nil }

func (h *fakeHost) Annotate(string, json.RawMessage) {}

func (h *fakeHost) Folder() (string, error) { return "", errors.New("there is none") }
