package enginetest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// recorder is a test that is expected to fail: it notes why.
type recorder struct {
	testing.TB

	mu   sync.Mutex
	said []string // guarded by mu
}

func (r *recorder) Helper()              {}
func (r *recorder) Logf(string, ...any)  {}
func (r *recorder) Skipf(string, ...any) { runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) {
	r.Errorf(f, a...)
	runtime.Goexit()
}
func (r *recorder) Fatal(a ...any) { r.Fatalf("%s", fmt.Sprint(a...)) }
func (r *recorder) Error(a ...any) { r.Errorf("%s", fmt.Sprint(a...)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.said) > 0
}

// failures returns what a test fails with.
func failures(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	r := &recorder{TB: t}
	over := make(chan struct{})
	go func() { // ends with the test, which is waited for
		defer close(over)
		test(r)
	}()
	<-over
	return strings.Join(r.said, "\n")
}

// mustFail fails unless the test fails with all of these words.
func mustFail(t *testing.T, test func(testing.TB), words ...string) {
	t.Helper()
	got := failures(t, test)
	for _, want := range words {
		if !strings.Contains(got, want) {
			t.Errorf("the test failed with %q, want %q in it", got, want)
		}
	}
}
