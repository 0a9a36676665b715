package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/cli"
)

// TestOwn runs the workflow through the commands that it gets for nothing.
func TestOwn(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "wf.db")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"run", []string{"start", "-q", "greet", "--", "Ada", "Alan"}, "Hello, Ada! Hello, Alan!\n"},
		{"flag", []string{"start", "-q", "greet", "--word", "Hi", "--names", "Grace"}, "Hi, Grace!\n"},
		{"help", []string{"start", "greet", "--help"}, "--word string"},
		{"list", []string{"list", "-o", "csv"}, "greet,"},
	}
	for _, test := range tests { // one after the other: list shows the runs of the first
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), append([]string{"--db", db}, test.args...), strings.NewReader(""), &out, &errs, Greeting())
		if code != cli.ExitOK || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want %q", test.name, code, &out, &errs, test.want)
		}
	}
}
