package where

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

// number reads a number as an int64 if it is an integer that fits, else as a float64.
func number(digits string) (any, error) {
	digits = strings.ReplaceAll(strings.TrimPrefix(digits, "+"), "_", "")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is too great a number", shown(digits))
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 { // such as 1e6
		return int64(f), nil
	}
	return f, nil
}

// momentOf reads a point in time: "now", "today", "yesterday", an age such as "2h ago" or "3d", a date, a
// date with a time of day, or RFC 3339. What names no zone is UTC.
func momentOf(text string, now time.Time) (time.Time, error) {
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
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	ago, err := spanOf(strings.TrimSuffix(text, " ago"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no time: write an age (2h ago, 3d), a date (2026-11-01) or RFC 3339 (2026-11-01T15:04:05Z)", shown(text))
	}
	return now.UTC().Add(-ago), nil
}

// spanOf reads a length of time: numbers with their units, such as "90s", "2h 30m", "1w" or "1.5d".
func spanOf(text string) (time.Duration, error) {
	d, err := str2duration.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s is no length of time: write 90s, 2h, 30d or 1w", shown(text))
	}
	return d, nil
}
