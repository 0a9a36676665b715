// Command dbos runs workloads on subjects of package dbos.
package main

import (
	"github.com/durable-wf/wf/bench/subject/dbos"
	"github.com/durable-wf/wf/bench/trial"
)

func main() { trial.Main(dbos.Subjects()) }
