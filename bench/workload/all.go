package workload

// All returns the workloads in the order of the report.
func All() []Workload {
	return []Workload{seq(), pure(), many(100), many(1000), startlat(), recovering(), long(), resuming(), sleepers(), fanout(), signals(), loops(), growth()}
}
