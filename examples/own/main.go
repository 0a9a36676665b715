// Command own is wf with a workflow of somebody's own: all commands, and a flag for each input.
package main

import "github.com/durable-wf/wf/cli"

func main() { cli.Main(Greeting()) }
