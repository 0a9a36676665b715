package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
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

// ageUnit knows the units of time.ParseDuration, and days and weeks. It is 0 for others.
func ageUnit(name string) time.Duration {
	switch name {
	case "us", "µs":
		return time.Microsecond
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return 24 * time.Hour
	case "w":
		return 7 * 24 * time.Hour
	}
	return 0
}

// parseAge reads one or more numbers with their units, such as "30d", "1w12h" or "1.5h".
func parseAge(text string) (time.Duration, error) {
	rest, sum := strings.TrimSpace(text), 0.0
	if rest == "" {
		return 0, fmt.Errorf("an empty text is no age: write 90s, 2h, 30d or 1w")
	}
	for rest != "" {
		number, tail := cutWhile(rest, func(r rune) bool { return r >= '0' && r <= '9' || r == '.' })
		name, after := cutWhile(tail, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		n, err := strconv.ParseFloat(number, 64)
		unit := ageUnit(name)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q is no age: write 90s, 2h, 30d or 1w", text)
		case name == "":
			return 0, fmt.Errorf("%q has no unit: write %ss, %[2]sh or %[2]sd", text, number)
		case unit == 0:
			return 0, fmt.Errorf("%q has the unknown unit %q: use s, m, h, d or w", text, name)
		}
		sum += n * float64(unit)
		rest = after
	}
	if sum >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too long", text)
	}
	return time.Duration(math.Round(sum)), nil
}

// cutWhile splits text before the first rune that does not match.
func cutWhile(text string, match func(rune) bool) (head, tail string) {
	i := strings.IndexFunc(text, func(r rune) bool { return !match(r) })
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i:]
}
