package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/cron"
)

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustParse(t testing.TB, expression, zone string) cron.Rule {
	t.Helper()
	rule, err := cron.Parse(expression, zone)
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", expression, zone, err)
	}
	return rule
}

// following returns the next n times of a rule as text.
func following(rule cron.Rule, from time.Time, n int) (list []string) {
	for range n {
		if from = rule.Next(from); from.IsZero() {
			return list
		}
		list = append(list, from.Format(time.RFC3339Nano))
	}
	return list
}

func TestNextOfExpressions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, expression, zone, from string
		want                         []string
	}{
		{"daily in UTC", "0 3 * * *", "", "2026-11-01T03:00:00Z", []string{"2026-11-02T03:00:00Z", "2026-11-03T03:00:00Z"}},
		{"with seconds", "*/20 5 3 * * *", "", "2026-11-01T03:05:19Z",
			[]string{"2026-11-01T03:05:20Z", "2026-11-01T03:05:40Z", "2026-11-02T03:05:00Z"}},
		{"within a second", "* * * * * *", "", "2026-11-01T03:05:19.5Z", []string{"2026-11-01T03:05:20Z"}},
		{"weekdays by name", "30 8 * * mon-fri", "", "2026-10-30T09:00:00Z", []string{"2026-11-02T08:30:00Z"}},
		{"day of month or of week", "0 0 13 * fri", "", "2026-11-01T00:00:00Z", []string{"2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z"}},
		{"a name", "@monthly", "", "2026-11-01T00:00:00Z", []string{"2026-12-01T00:00:00Z"}},
		{"a leap day", "0 0 29 2 *", "", "2026-11-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
		{"a day that never comes", "0 0 30 2 *", "", "2026-11-01T00:00:00Z", nil},
		{"winter and summer", "0 3 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z",
			[]string{"2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"}},
		{"the hour that is left out in spring", "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"}},
		{"the hour that comes twice in autumn", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
		{"every half hour in spring", "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:20:00Z",
			[]string{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
		{"every hour in autumn", "0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
			[]string{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}},
		{"midnight that is left out", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z",
			[]string{"2026-09-07T03:00:00Z"}},
		{"the zone in the expression", "CRON_TZ=Asia/Tokyo 0 3 * * *", "", "2026-11-01T00:00:00Z", []string{"2026-11-01T18:00:00Z"}},
		{"the zone at both places", "TZ=Asia/Tokyo  0 3 * * *", "Asia/Tokyo", "2026-11-01T00:00:00Z", []string{"2026-11-01T18:00:00Z"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := following(mustParse(t, test.expression, test.zone), mustTime(t, test.from), max(1, len(test.want)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("times of %q in %q after %s (-want +got):\n%s", test.expression, test.zone, test.from, diff)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, expression, zone, want string }{
		{"empty", "", "", "it has 0 fields"},
		{"too few fields", "* * *", "", "it has 3 fields, not 5"},
		{"too many fields", "* * * * * * *", "", "it has 7 fields"},
		{"a minute", "61 * * * *", "", `minute "61": end of range (61) above maximum (59)`},
		{"a second", "60 * * * * *", "", `second "60"`},
		{"two faults", "x * * 13 *", "", `month "13"`},
		{"a word", "x * * 13 *", "", `minute "x": it is neither a number nor a name`},
		{"the seventh day", "* * * * 7", "", "Sunday is 0"},
		{"a step of nothing", "*/0 * * * *", "", "step of range"},
		{"a lone comma", ", * * * *", "", "comma"},
		{"a comma too many", "1,,2 * * * *", "", "comma"},
		{"an interval", "@every 1h", "", "an interval is no cron expression"},
		{"an unknown name", "@fortnightly", "", "there is @yearly"},
		{"an unknown zone", "* * * * *", "Europe/Berlyn", `unknown zone "Europe/Berlyn"`},
		{"an unknown zone in the expression", "TZ=Mars * * * * *", "", `unknown zone "Mars"`},
		{"no zone after TZ", "TZ= * * * * *", "", "no zone after TZ="},
		{"nothing after the zone", "CRON_TZ=UTC", "", "it has 0 fields"},
		{"two zones", "TZ=UTC * * * * *", "Asia/Tokyo", "its zone is not Asia/Tokyo"},
		{"the zone of the host", "* * * * *", "Local", "differs from host to host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := cron.Parse(test.expression, test.zone)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse(%q, %q): %v, want %q", test.expression, test.zone, err, test.want)
			}
		})
	}
}

func TestEveryIsTheSameForAll(t *testing.T) {
	t.Parallel()
	got := following(cron.Every(6*time.Hour), mustTime(t, "2026-11-01T03:05:00.000001Z"), 2)
	got = append(got, following(cron.Every(30*time.Millisecond), mustTime(t, "2026-11-01T00:00:00.03Z"), 1)...)
	got = append(got, following(cron.Every(time.Hour), mustTime(t, "1969-12-31T22:30:00Z"), 2)...)
	want := []string{"2026-11-01T06:00:00Z", "2026-11-01T12:00:00Z", "2026-11-01T00:00:00.06Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestAtComesOnce(t *testing.T) {
	t.Parallel()
	at := mustTime(t, "2026-11-01T03:00:00+01:00")
	rule := cron.At(at)
	if got := rule.Next(at.Add(-time.Hour)); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("Next before it: %v", got)
	}
	if got := rule.Next(at); !got.IsZero() {
		t.Errorf("Next at its time: %v, want none", got)
	}
}

func TestLastIsTheNewest(t *testing.T) {
	t.Parallel()
	from, until := mustTime(t, "2020-01-01T00:00:00Z"), mustTime(t, "2026-11-01T03:00:00Z")
	for _, test := range []struct {
		name        string
		rule        cron.Rule
		from, until time.Time
		want        string
	}{
		{"the bound itself", mustParse(t, "0 3 * * *", ""), from, until, "2026-11-01T03:00:00Z"},
		{"before the bound", mustParse(t, "0 3 * * *", ""), from, until.Add(-1), "2026-10-31T03:00:00Z"},
		{"of millions", mustParse(t, "* * * * * *", ""), from, until.Add(time.Second - 1), "2026-11-01T03:00:00Z"},
		{"in bursts", mustParse(t, "* * 4 * * *", ""), from, until, "2026-10-31T04:59:59Z"},
		{"long ago", mustParse(t, "0 0 1 1 *", ""), from.Add(-1), until, "2026-01-01T00:00:00Z"},
		{"every", cron.Every(7 * time.Minute), from, until, "2026-11-01T02:54:00Z"},
		{"at", cron.At(from.Add(time.Hour)), from, until, "2020-01-01T01:00:00Z"},
		{"at, too early", cron.At(from), from, until, ""},
		{"none in between", mustParse(t, "0 3 * * *", ""), until, until.Add(time.Hour), ""},
		{"backwards", mustParse(t, "0 3 * * *", ""), until, from, ""},
		{"never", mustParse(t, "0 0 30 2 *", ""), from, until, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if last := test.rule.Last(test.from, test.until); !last.IsZero() {
				got = last.Format(time.RFC3339Nano)
			}
			if got != test.want {
				t.Errorf("Last(%v, %v) = %q, want %q", test.from, test.until, got, test.want)
			}
		})
	}
}

// FuzzParse holds that no text makes the parser panic, and that the times of a rule go forward.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"0 3 * * *", "*/5 1-7,9 ? jan-dec sun", "TZ=Europe/Berlin 30 2 * * *", "@daily", "TZ=", "TZ=UTC", "0 0 30 2 *", "1/2/3 - , * *"} {
		f.Add(text, int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		rule, err := cron.Parse(text, "")
		if err != nil {
			return
		}
		from := time.Unix(unix%(1<<36), 0)
		next := rule.Next(from)
		if !next.IsZero() && !next.After(from) {
			t.Errorf("Next(%v) of %q is %v", from, text, next)
		}
		if !next.IsZero() && !rule.Last(from, next).Equal(next) {
			t.Errorf("Last up to %v of %q is %v", next, text, rule.Last(from, next))
		}
	})
}
