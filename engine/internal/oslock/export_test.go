package oslock

import "time"

// SetReports changes when Take reports that it waits.
func (t *Turn) SetReports(first, again time.Duration) { t.first, t.again = first, again }

// ShareWithin is Share with another limit.
var ShareWithin = share
