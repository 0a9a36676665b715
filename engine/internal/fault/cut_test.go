package fault_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine/internal/fault"
)

// Whether each of three transactions may commit, and whether anybody is told of it.
func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		cut    *fault.Cut
		commit []bool
		told   []bool
	}{
		{"none", nil, []bool{true, true, true}, []bool{true, true, true}},
		{"never", fault.At(0, fault.AfterCommit), []bool{true, true, true}, []bool{true, true, true}},
		{"before", fault.At(2, fault.BeforeCommit), []bool{true, false, false}, []bool{true, false, false}},
		{"after", fault.At(2, fault.AfterCommit), []bool{true, true, false}, []bool{true, false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var commit, told []bool
			for range 3 {
				err := tt.cut.Before()
				commit = append(commit, err == nil)
				if err == nil {
					err = tt.cut.After()
				}
				told = append(told, err == nil)
				if err != nil && !errors.Is(err, fault.ErrDead) {
					t.Errorf("error = %v, want ErrDead", err)
				}
			}
			if !slices.Equal(commit, tt.commit) || !slices.Equal(told, tt.told) {
				t.Errorf("commit = %v, told = %v, want %v and %v", commit, told, tt.commit, tt.told)
			}
		})
	}
}

func TestContextCarriesTheCut(t *testing.T) {
	t.Parallel()
	if c := fault.From(t.Context()); c != nil || c.Err() != nil || c.Dead() != nil {
		t.Errorf("From = %v, want nil, which never comes", c)
	}
	c := fault.At(1, fault.BeforeCommit)
	got := fault.From(fault.With(t.Context(), c))
	if got != c {
		t.Fatalf("From(With(c)) = %v, want c", got)
	}
	got.Called("a")
	got.Called("a")
	if n := c.Calls()["a"]; n != 2 {
		t.Errorf("Calls = %d, want 2", n)
	}
}
