// Command wf runs the built-in workflows. See cli.Main for the same with workflows of your own.
package main

import (
	"github.com/durable-wf/wf/cli"
	"github.com/durable-wf/wf/steps"
)

func main() { cli.Main(steps.All()...) }
