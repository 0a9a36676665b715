// Command raw runs workloads on subjects of package raw.
package main

import (
	"github.com/durable-wf/wf/bench/subject/raw"
	"github.com/durable-wf/wf/bench/trial"
)

func main() { trial.Main(raw.Subjects()) }
