package main

// sizes are what a few seconds allow. A run ends by force at 51,200 events, which is 8,533 steps.
func sizes() map[string]int {
	return map[string]int{
		"seq": 150, "many100": 100, "many1000": 100, "startlat": 50, "recover": 60,
		"long": 400, "resume": 200, "sleepers": 100, "fanout": 50, "signal": 50, "growth": 3,
	}
}

func sizesTuned() map[string]int {
	return map[string]int{
		"seq": 300, "many100": 200, "many1000": 200, "startlat": 100, "recover": 200,
		"long": 600, "resume": 300, "sleepers": 100, "fanout": 100, "signal": 100, "growth": 5,
	}
}

// sizesLocal are those of steps that are not written one by one.
func sizesLocal() map[string]int {
	s := sizesTuned()
	s["seq"], s["long"], s["resume"], s["many100"], s["many1000"] = 3000, 2000, 1000, 300, 300
	return s
}

func caveats() []string {
	return []string{
		"Temporal is the development server that its command line starts with `--db-filename`, in the same process as the worker, without web pages " +
			"and metrics. Its makers do not mean SQLite for production. Tuned, it writes ahead (WAL), has one partition per task queue, asks for eager starts, has more " +
			"pollers, and its time-outs are 5 s instead of 10. Both configurations commit at FULL: a step waits for the disk about 26 times by default, with a rollback journal, and 7 times tuned. The SDK is v1.50, the newest whose API this server implements.",
		"A step is an activity in the first two configurations. In the third it is a local activity: results are written when the workflow " +
			"task ends, not after each step, so its rates say what steps cost that are lost in a crash and executed again. " +
			"They are not to be compared with rates of steps that are durable one by one.",
		"A run is ended by force at 51,200 events, which is 8,533 steps, so it cannot be made as long as other runs; a run that must be longer continues as a " +
			"new one. Between a kill and the recovery are time-outs: of activities (there is no default, 10 s is what its samples have), of workflow tasks (10 s), " +
			"and of the queue that sticks to the dead worker (5 s; tuned, 1 s). The server's own start is in the figures of recovery and of opening.",
		"Sleeping runs are started with a delay, which is the cheapest way to sleep that Temporal has. Removed runs are deleted one by one, for retention takes a day " +
			"at least; the file does not become smaller, for the server never vacuums.",
	}
}
