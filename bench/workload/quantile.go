package workload

import (
	"slices"
	"time"
)

// quantile returns the value below which a share of the durations lies, in seconds.
func quantile(list []time.Duration, share float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Seconds()
}

// trimmedMean is the mean without the least and the greatest tenth, in seconds: a few slow commits do not show, but a
// cost that is in all of them does.
func trimmedMean(list []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(list))
	cut := len(sorted) / 10
	sorted = sorted[cut : len(sorted)-cut]
	if len(sorted) == 0 {
		return 0
	}
	var total time.Duration
	for _, d := range sorted {
		total += d
	}
	return total.Seconds() / float64(len(sorted))
}
