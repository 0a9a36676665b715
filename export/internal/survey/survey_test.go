package survey_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/survey"
)

func TestHowColumnsAreStored(t *testing.T) {
	t.Parallel()
	at := time.UnixMicro(1_234_567)
	for _, c := range []struct {
		name   string
		kind   export.Kind
		values []any
		stored export.Kind
		want   []any
		runes  int
	}{
		{"whole numbers", export.Int, []any{int64(math.MinInt64), int64(7)}, export.Int, []any{int64(math.MinInt64), int64(7)}, 20},
		{"some missing", export.Int, []any{int64(7), nil}, export.Float, []any{7.0, math.NaN()}, 1},
		{"the largest that fit", export.Int, []any{int64(1 << 53), int64(-1 << 53), nil}, export.Float, []any{0x1p53, -0x1p53, math.NaN()}, 17},
		{"too large with some missing", export.Int, []any{int64(1<<53 + 1), nil}, export.Text, []any{"9007199254740993", ""}, 16},
		{"truth values", export.Bool, []any{true, false}, export.Bool, []any{true, false}, 0},
		{"truth values, some missing", export.Bool, []any{true, false, nil}, export.Float, []any{1.0, 0.0, math.NaN()}, 0},
		{"floats", export.Float, []any{0.5, nil}, export.Float, []any{0.5, math.NaN()}, 0},
		{"texts", export.Text, []any{"äöü", nil, ""}, export.Text, []any{"äöü", "", ""}, 3},
		{"JSON", export.JSON, []any{json.RawMessage(`"ä"`), nil}, export.Text, []any{`"ä"`, ""}, 3},
		{"times", export.Time, []any{at, nil}, export.Time, []any{int64(1_234_567), int64(survey.NotATime)}, 0},
	} {
		var rows []export.Row
		for _, v := range c.values {
			rows = append(rows, export.Row{v})
		}
		columns, n, err := survey.Of(t.Context(), &export.Table{Columns: []export.Column{{Name: "x", Kind: c.kind}}, Rows: export.RowsOf(rows)})
		if err != nil || n != len(rows) {
			t.Fatalf("%s: %d rows, %v", c.name, n, err)
		}
		got := &columns[0]
		if got.Stored() != c.stored || got.Runes != c.runes {
			t.Errorf("%s: stored as %v with %d characters, want %v with %d", c.name, got.Stored(), got.Runes, c.stored, c.runes)
		}
		var values []any
		for _, v := range c.values {
			values = append(values, got.Value(v))
		}
		if diff := cmp.Diff(c.want, values, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", c.name, diff)
		}
	}
}

func TestRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	table := &export.Table{Name: "t", Columns: []export.Column{{Name: "x", Kind: export.Int}}, Rows: export.RowsOf([]export.Row{{"one"}})}
	if _, _, err := survey.Of(t.Context(), table); err == nil {
		t.Error("a text in a column of integers is no error")
	}
}
