// Command temporal runs workloads on Temporal: its server with SQLite in a file and its Go SDK, in one process. It is a
// module of its own, for it takes minutes to build, and needs an older OpenTelemetry than the other engines.
package main

import "github.com/durable-wf/wf/bench/trial"

func main() { trial.Main(subjects()) }
