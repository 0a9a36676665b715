// Command goworkflows runs workloads on subjects of package goworkflows.
package main

import (
	"github.com/durable-wf/wf/bench/subject/goworkflows"
	"github.com/durable-wf/wf/bench/trial"
)

func main() { trial.Main(goworkflows.Subjects()) }
