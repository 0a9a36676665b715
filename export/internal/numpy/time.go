package numpy

import (
	"fmt"
	"math"
	"time"
)

// time reads a datetime64, which counts a unit from 1970. It is not there if it is NaT.
func (t DType) time(b []byte) (at time.Time, there bool, err error) {
	n := t.signed(b)
	if n == math.MinInt64 {
		return time.Time{}, false, nil
	}
	const years = 250_000 // beyond which nothing below can be right
	switch t.Unit {
	case "Y", "M":
		if n < -years || n > years {
			return time.Time{}, false, fmt.Errorf("%d %s since 1970 is too far away", n, t.Unit)
		}
		if t.Unit == "Y" {
			return time.Date(1970+int(n), 1, 1, 0, 0, 0, 0, time.UTC), true, nil
		}
		return time.Date(1970, time.Month(1+n), 1, 0, 0, 0, 0, time.UTC), true, nil
	case "ns":
		return time.Unix(0, n).UTC(), true, nil
	case "us":
		return time.UnixMicro(n).UTC(), true, nil
	case "ms":
		return time.UnixMilli(n).UTC(), true, nil
	}
	seconds := map[string]int64{"s": 1, "m": 60, "h": 3600, "D": 86400, "W": 7 * 86400}[t.Unit]
	if seconds == 0 {
		return time.Time{}, false, fmt.Errorf("times in units of %q are not understood", t.Unit)
	}
	if limit := years * 366 * 86400 / seconds; n < -limit || n > limit {
		return time.Time{}, false, fmt.Errorf("%d %s since 1970 is too far away", n, t.Unit)
	}
	return time.Unix(n*seconds, 0).UTC(), true, nil
}
