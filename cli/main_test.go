package cli_test

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/durable-wf/wf/cli"
)

// TestMain makes the test binary the command wf of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wf": func() { cli.Main(definitions()...) },
	})
}

// TestScripts runs the scripts, one for each verb.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       flag.Lookup("update").Value.String() == "true",
		Cmds:                scriptCommands(),
	})
}
