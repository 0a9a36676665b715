package child_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/durable-wf/wf/steps/internal/child"
)

// TestMain runs the tests, or is a process that starts a program and dies with it.
func TestMain(m *testing.M) {
	if script := os.Getenv("CHILD_SCRIPT"); script != "" {
		os.Exit(parent(script))
	}
	goleak.VerifyTestMain(m)
}

func parent(script string) int {
	c, err := child.Start(child.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ(), Stdout: os.Stdout, Stderr: io.Discard,
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	<-c.Done()
	return 0
}
