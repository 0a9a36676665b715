package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, plant, want string }{
		{"nothing", "", ""},
		{"changed text", "UPDATE wf_history SET detail = '{}' WHERE run = 3 AND seq = 4", "history row 4 was changed"},
		{"changed time", "UPDATE wf_history SET time_us = time_us + 1 WHERE run = 3 AND seq = 4", "history row 4 was changed"},
		{"changed worker", "UPDATE wf_workers SET uuid = 'x'", "was changed"},
		{"changed run", "UPDATE wf_runs SET uuid = 'x' WHERE id = 3", "history row 1 was changed"},
		{"changed hash", "UPDATE wf_history SET hash = x'00' WHERE run = 3 AND seq = 4", "history row 5 was changed"},
		{"missing row", "DELETE FROM wf_history WHERE run = 3 AND seq = 4", "history row 5: the row before it is missing"},
		{"missing row, links mended", "UPDATE wf_history SET prev = (SELECT id FROM wf_history WHERE run = 3 AND seq = 3) WHERE run = 3 AND seq = 5; DELETE FROM wf_history WHERE run = 3 AND seq = 4", "history row 5: the row before it is missing or another"},
		{"missing first row", "DELETE FROM wf_history WHERE run = 3 AND seq = 1", "history row 2: the row before it is missing"},
		{"missing last row", "DELETE FROM wf_history WHERE run = 3 AND seq = 7", "must have 7"},
		{"missing last row, run mended but for its hash", "DELETE FROM wf_history WHERE run = 3 AND seq = 7; UPDATE wf_runs SET seq = 6, head_history = (SELECT max(id) FROM wf_history WHERE run = 3) WHERE id = 3", "run 3: "},
		{"swapped content", `UPDATE wf_history AS h SET (kind, time_us, detail, duration_us) =
			(SELECT kind, time_us, detail, duration_us FROM wf_history o WHERE o.run = 3 AND o.seq = 9 - h.seq) WHERE run = 3 AND seq IN (2, 7)`, "history row 2 was changed"},
		{"swapped rows", `UPDATE wf_history SET seq = CASE seq WHEN 4 THEN 5 ELSE 4 END WHERE run = 3 AND seq IN (4, 5)`, "run 3: history row 5: the row before it is missing or another"},
		{"rows of two runs swapped", `UPDATE wf_history SET run = CASE run WHEN 3 THEN 1 ELSE 3 END WHERE seq = 2 AND run IN (1, 3)`, "run 3: history row 3: the row before it is missing or another"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			furnish(f)
			if tt.plant != "" {
				f.exec(tt.plant)
			}
			for _, run := range []int64{0, 3} {
				var got []string
				if err := f.Verify(t.Context(), run, func(f Finding) { got = append(got, f.String()) }); err != nil {
					t.Fatal(err)
				}
				text := strings.Join(got, "\n")
				if tt.want == "" && text != "" || !strings.Contains(text, tt.want) {
					t.Errorf("verify run %d found:\n%s\nwant: %q", run, text, tt.want)
				}
			}
			if tt.want == "" {
				return
			}
			var other []string // run 2 is untouched
			err := f.Verify(t.Context(), 2, func(f Finding) { other = append(other, f.String()) })
			if err != nil || len(other) > 0 && tt.name != "changed worker" {
				t.Errorf("verify run 2: %q, %v", other, err)
			}
		})
	}
	f := newFixture(t)
	furnish(f)
	f.exec("DELETE FROM wf_history WHERE run = 3 AND seq = 4")
	var texts []string
	err := f.Verify(t.Context(), 3, func(f Finding) { texts = append(texts, f.Text) })
	if want := "has 6 history rows, must have 7"; err != nil || !slices.Contains(texts, want) {
		t.Errorf("a missing row: %q, %v; want %q: the heads are the same", texts, err, want)
	}
	f = newFixture(t)
	if err := f.Verify(t.Context(), 1, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("verify an unknown run: %v, want ErrNotFound", err)
	}
}

func TestVerifyLongRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	for range 5 {
		run = f.advance(run, 5000) // several parts of several pages
	}
	f.wantClean()
	for _, seq := range []int64{1, 1000, 2500, 20_500, 25_001} {
		f.exec("UPDATE wf_history SET error = 'x' WHERE seq = ?", seq)
		var got []string
		if err := f.Verify(t.Context(), 0, func(f Finding) { got = append(got, f.String()) }); err != nil || len(got) != 1 {
			t.Errorf("seq %d changed: found %q, %v", seq, got, err)
		}
		f.exec("UPDATE wf_history SET error = NULL WHERE seq = ?", seq)
	}
}
