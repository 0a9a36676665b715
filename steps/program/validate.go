package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/internal/statefile"
)

// leastLog is the least that makes sense of a log.
const leastLog = 4 << 10

// validate checks a run before it is made, and completes what is meant relative to here. A misspelt program
// thus makes no run.
func (s *State) validate() error {
	if len(s.Cmd) == 0 || s.Cmd[0] == "" {
		return errors.New("no program is named: write it, with its arguments, after --")
	}
	if err := s.completeDir(); err != nil {
		return err
	}
	for _, pattern := range s.State {
		if err := statefile.CheckPattern(pattern); err != nil {
			return &engine.FieldError{Field: "state", Problem: err.Error()}
		}
		if path := s.inDir(pattern); !statefile.IsGlob(pattern) && isFolder(path) {
			return &engine.FieldError{Field: "state", Problem: path + " is a folder: name the files in it, with a pattern if they are many"}
		}
	}
	if _, err := s.params(); err != nil {
		return err
	}
	if err := s.completeEnv(); err != nil {
		return err
	}
	switch {
	case s.Grace < 0:
		return &engine.FieldError{Field: "grace", Problem: fmt.Sprintf("%v must not be negative", s.Grace)}
	case s.LogLimit < leastLog:
		return &engine.FieldError{Field: "log-limit", Problem: fmt.Sprintf("%d must be at least %d", s.LogLimit, leastLog)}
	}
	_, err := s.lookUp(s.environment(""))
	return err
}

// completeDir makes the folder absolute.
func (s *State) completeDir() error {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return &engine.FieldError{Field: "dir", Problem: err.Error()}
	}
	if !isFolder(dir) {
		return &engine.FieldError{Field: "dir", Problem: "there is no folder " + dir}
	}
	s.Dir = dir
	return nil
}

// inDir is where the program finds a file that has no absolute path.
func (s *State) inDir(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// completeEnv gives the names without a value the value that they have here.
func (s *State) completeEnv() error {
	for i, word := range s.Env {
		name, _, given := strings.Cut(word, "=")
		value, set := os.LookupEnv(word)
		switch {
		case name == "":
			return &engine.FieldError{Field: "env", Problem: fmt.Sprintf("%q needs the form NAME=VALUE, or NAME", word)}
		case given:
		case !set:
			return &engine.FieldError{Field: "env", Problem: word + " is not set here; write " + word + "=VALUE"}
		default:
			s.Env[i] = word + "=" + value
		}
	}
	return nil
}

// params makes what the program finds in WF_PARAMS. A value of --param that is JSON stays it, others are texts.
func (s *State) params() (string, error) {
	members := map[string]json.RawMessage{}
	if len(s.Params) > 0 {
		if err := json.Unmarshal(s.Params, &members); err != nil {
			return "", &engine.FieldError{Field: "params", Problem: fmt.Sprintf("%s is no JSON object", s.Params)}
		}
		if members == nil { // null
			members = map[string]json.RawMessage{}
		}
	}
	for name, value := range s.Param {
		text := json.RawMessage(value)
		if !json.Valid(text) {
			var err error
			if text, err = json.Marshal(value); err != nil {
				return "", &engine.FieldError{Field: "param", Problem: err.Error()}
			}
		}
		members[name] = text
	}
	doc, err := json.Marshal(members)
	return string(doc), err
}
