package goworkflows

// sizesDefault are small: two polls of up to 200 ms stand between a step and the next.
func sizesDefault() map[string]int {
	return map[string]int{
		"seq": 20, "many100": 200, "many1000": 200, "startlat": 10, "recover": 50,
		"long": 50, "resume": 50, "sleepers": 100, "fanout": 100, "signal": 10, "growth": 5,
	}
}

func sizesTuned() map[string]int {
	return map[string]int{
		"seq": 1000, "many100": 300, "many1000": 300, "startlat": 500, "recover": 200,
		"long": 2500, "resume": 2500, "sleepers": 200, "fanout": 300, "signal": 300, "growth": 20,
	}
}

func caveats() []string {
	return []string{
		"The default of go-workflows is what its README shows. Workers ask the database for work every 200 ms, and between a step and the " +
			"next there are two such waits; whoever waits for a result asks at intervals that grow to a second. So its latencies say how it is " +
			"set up, not what it could do, and its many runs are limited by its one connection. Tuned, workers are woken by the wrapper for single " +
			"processes that the library has (`monoprocess`), waiters are told by one of ours, and all runs in flight fit in its cache.",
		"Both configurations commit at FULL, and a step takes four commits: the workflow is checkpointed, the activity claimed and completed, " +
			"the workflow claimed again. Nothing is shared by commits of several runs.",
		"After a kill, go-workflows waits until the locks of the dead process expire: two minutes for an activity by default, which is longer than " +
			"the workload waits. Tuned, locks last 5 s; the price is a commit every 2 s for each step in execution.",
		"A run fails when its history reaches 10,000 events; tuned, the limit is lifted. Runs are pruned one by one, because the " +
			"call that removes many (v1.2.0) leaves their events and payloads in the file.",
	}
}
