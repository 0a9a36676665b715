package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

// moment is a flag that names a point in time: an age ("2h", "3d", "1w2d": so long ago), "now",
// "today", "yesterday", a date, a date with a time of day, or RFC 3339. What names no zone is UTC,
// as all output is; a date means its first moment. The zero value is no limit.
type moment struct{ time.Time }

// String, Set and Type make moment a flag.
func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// Set reads the time.
func (m *moment) Set(text string) (err error) {
	m.Time, err = parseMoment(text, time.Now())
	return err
}

// Type names the flag's values in the help.
func (m *moment) Type() string { return "time" }

// age is a flag that names a length of time and knows days and weeks.
type age time.Duration

// String, Set and Type make age a flag.
func (a *age) String() string {
	if *a == 0 {
		return ""
	}
	return time.Duration(*a).String()
}

// Set reads the length.
func (a *age) Set(text string) error {
	d, err := parseAge(text)
	*a = age(d)
	return err
}

// Type names the flag's values in the help.
func (a *age) Type() string { return "age" }

func parseMoment(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	day := now.UTC().Truncate(24 * time.Hour)
	switch text {
	case "now":
		return now.UTC(), nil
	case "today":
		return day, nil
	case "yesterday":
		return day.AddDate(0, 0, -1), nil
	}
	for _, layout := range [...]string{ // the most exact first
		time.RFC3339Nano,
		"2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999",
		"2006-01-02T15:04",
		"2006-01-02 15:04",
		time.DateOnly,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	ago, err := parseAge(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: write an age (2h, 3d), a date (2026-11-01) or RFC 3339 (2026-11-01T15:04:05Z)", text)
	}
	return now.UTC().Add(-ago), nil
}

// parseAge reads one or more numbers with their units, such as "30d", "1w12h" or "1.5h".
func parseAge(text string) (time.Duration, error) {
	d, err := str2duration.ParseDuration(strings.TrimSpace(text))
	if _, bare := strconv.ParseFloat(text, 64); bare == nil && err != nil {
		return 0, fmt.Errorf("%q has no unit: write %ss, %[2]sh or %[2]sd", text, text)
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no age, or too long: write numbers with the units s, m, h, d or w, such as 90s, 2h or 30d", text)
	}
	return d, nil
}
