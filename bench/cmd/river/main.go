// Command river runs workloads on subjects of package river.
package main

import (
	"github.com/durable-wf/wf/bench/subject/river"
	"github.com/durable-wf/wf/bench/trial"
)

func main() { trial.Main(river.Subjects()) }
