package steps_test

import (
	"strings"
	"testing"

	"github.com/durable-wf/wf/steps"
)

func TestSweepValues(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"a":                 "a",
		"a,,b":              "a  b",
		"3..6":              "3 4 5 6",
		"7..7":              "7",
		"-1..1":             "-1 0 1",
		"0..1:0.1":          "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1",
		"0..1:0.3":          "0 0.3 0.6 0.9",
		"1e3..1e6:x10":      "1000 10000 100000 1000000",
		"1..4:x1.5":         "1 1.5 2.25 3.375",
		"1e-3..3e-3:1e-3":   "0.001 0.002 0.003",
		"1,5..6,1_000":      "1 5 6 1_000",
		"../a..b":           "../a..b",
		"1.5..2.5":          "1.5 2.5",
		`["a,b",2,{"c":1}]`: `a,b 2 {"c":1}`,
	} {
		got, err := steps.Values(list)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v; want %s", list, got, err, want)
		}
	}
	for list, want := range map[string]string{
		"6..3":           "leads nowhere",
		"1..3:0":         "leads nowhere",
		"1..3:-1":        "leads nowhere",
		"1..3:":          "is no range",
		"1..3:a":         "is no range",
		"1..9:x1":        "leads nowhere",
		"0..9:x2":        "leads nowhere",
		"1..1e9":         "more than 100000 values",
		"1..1e999":       "is no range",
		"1..2:1/3":       "is no range",
		"[1,":            "is not a JSON list",
		"[]":             "the list is empty",
		"1..2:x1.000001": "more than 100000 values",
	} {
		if got, err := steps.Values(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d values, %v; want an error about %q", list, len(got), err, want)
		}
	}
}
