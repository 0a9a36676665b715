// Package cli is the command line of wf for any set of workflows: a program that calls [Main] with
// its own definitions has all commands, with a flag for every input of its workflows.
//
//	func main() { cli.Main(mine.Workflow) }
package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// Main runs the command line of this process with these workflows and ends the process with the
// command's exit code (see the Exit constants). It never returns. The first SIGINT, SIGTERM or SIGHUP
// saves what executes here and exits; one that comes more than a second later exits at once, which
// loses nothing that was committed. Under nohup SIGHUP means nothing.
func Main(defs ...engine.Definition) {
	a := &app{name: filepath.Base(os.Args[0]), defs: defs, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(a.execute(a.signals(context.Background()), os.Args[1:]))
}

// Run runs one command line, without the program's name, and returns its exit code. When ctx ends,
// it does what [Main] does at a signal. Each call stands for itself, so calls may be concurrent.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, defs ...engine.Definition) int {
	a := &app{name: "wf", defs: defs, stdin: stdin, stdout: stdout, stderr: stderr}
	return a.execute(ctx, args)
}
