// Command wf runs workloads on subjects of package wf.
package main

import (
	"github.com/durable-wf/wf/bench/subject/wf"
	"github.com/durable-wf/wf/bench/trial"
)

func main() { trial.Main(wf.Subjects()) }
