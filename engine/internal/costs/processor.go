package costs

import (
	"syscall"
	"testing"
)

// Processor reports the processor time of this process per iteration of a benchmark, as cpu-ns/op: what waits for the disk,
// or for others who use the machine, varies less by it than by ns/op. It is called before the first iteration, and
// what it returns after the last one.
func Processor(b *testing.B) (done func()) {
	b.Helper()
	begun := processorTime(b)
	return func() { b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N), "cpu-ns/op") }
}

// processorTime is what this process has used so far, in nanoseconds.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
