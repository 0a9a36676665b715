package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/internal/gitstate"
)

// provenance is where the results of a process come from, as it is recorded with each process that executes runs.
type provenance struct {
	Program  string            `json:"program"`
	Version  string            `json:"version"`
	Module   string            `json:"module,omitempty"`
	Revision string            `json:"revision,omitempty"` // the commit from which the program was built
	Modified bool              `json:"modified,omitempty"` // and changed before it was built
	BuildID  string            `json:"build_id,omitempty"` // tells builds apart, see buildID
	SHA256   string            `json:"sha256,omitempty"`   // of the program's file, if it has no build ID
	Go       string            `json:"go"`
	Args     []string          `json:"args"`
	Folder   string            `json:"folder,omitempty"`
	Git      *gitstate.State   `json:"git,omitempty"` // of the folder
	Host     string            `json:"host,omitempty"`
	Platform string            `json:"platform"`
	CPUs     int               `json:"cpus"`
	CPU      string            `json:"cpu,omitempty"`
	Env      map[string]string `json:"env,omitempty"`
}

// maxHashed is up to which size the program's file is hashed: that takes some 0.1 s.
const maxHashed = 128 << 20

// addProvenance gives cmd the flag that names more environment variables to record.
func (a *app) addProvenance(cmd *cobra.Command) {
	cmd.Flags().Var((*envNames)(&a.recorded), "provenance-env", "record this environment variable with the runs (may be repeated)")
}

// envNames are names of environment variables, none of which looks like a secret.
type envNames []string

// String, Set and Type make envNames a flag.
func (n *envNames) String() string { return strings.Join(*n, ",") }

// Set takes one more name.
func (n *envNames) Set(name string) error {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00"):
		return errors.New("must be the name of a variable")
	case secret(name):
		return errors.New("looks like a secret, and what is recorded can be read by whoever reads the database")
	}
	*n = append(*n, name)
	return nil
}

// Type names the flag's values in the help.
func (n *envNames) Type() string { return "name" }

// secret reports whether the value of a variable, flag or field of this name should not be written down.
func secret(name string) bool {
	return regexp.MustCompile(`(?i)secret|token|passw|passphrase|credential|jwt|api_?-?key|private_?-?key|access_?-?key|(^|[_-])auth`).MatchString(name)
}

// recordedNames are the environment variables that are recorded always, recordedPrefixes those of which all are: what
// decides how a scheduler, threads, accelerators and languages behave.
func recordedNames() []string {
	return []string{
		"CONDA_DEFAULT_ENV", "CUDA_VISIBLE_DEVICES", "GODEBUG", "GOFLAGS", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "HIP_VISIBLE_DEVICES",
		"JULIA_NUM_THREADS", "LANG", "LC_ALL", "NUMEXPR_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED", "PYTHONPATH",
		"ROCR_VISIBLE_DEVICES", "TZ", "VECLIB_MAXIMUM_THREADS", "VIRTUAL_ENV",
	}
}

func recordedPrefixes() []string { return []string{"SLURM_", "OMP_", "MKL_", "KMP_", "PBS_", "LSB_"} }

// gather tells the provenance of this process: what is known at once, and then all of it. What is not known when ctx
// ends is left out.
func (a *app) gather(ctx context.Context, tell func(json.RawMessage)) {
	b := a.build()
	p := provenance{
		Program: b.program, Version: b.version, Module: b.module, Revision: b.revision, Modified: b.modified, Go: b.goVersion,
		Args: redacted(a.args), Platform: b.platform, CPUs: runtime.NumCPU(), CPU: cpuModel(), Env: a.environment(os.Environ()),
	}
	p.Host, _ = os.Hostname()
	p.Folder, _ = os.Getwd()
	p.BuildID = ownBuildID()
	tell(p.json())
	if state, err := gitstate.Of(ctx, p.Folder); err == nil {
		p.Git = &state
	}
	if p.BuildID == "" {
		p.SHA256 = ownHash(ctx)
	}
	if p.Git != nil || p.SHA256 != "" {
		tell(p.json())
	}
}

func (p *provenance) json() json.RawMessage {
	doc, err := json.Marshal(p)
	if err != nil { // strings, numbers and maps of them always marshal
		return nil
	}
	return doc
}

// environment is the part of an environment that is recorded.
func (a *app) environment(all []string) map[string]string {
	found := map[string]string{}
	for _, pair := range all {
		name, value, _ := strings.Cut(pair, "=")
		known := slices.Contains(recordedNames(), name) || slices.Contains(a.recorded, name) ||
			slices.ContainsFunc(recordedPrefixes(), func(p string) bool { return strings.HasPrefix(name, p) })
		if known && !secret(name) {
			found[name] = value
		}
	}
	return found
}

// redacted is a command line without the values of flags that look like secrets.
func redacted(args []string) []string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		name, _, given := strings.Cut(arg, "=")
		switch {
		case strings.ContainsAny(name, " /") || !secret(name):
		case given:
			shown[i] = name + "=…"
		case strings.HasPrefix(name, "-") && i+1 < len(shown):
			shown[i+1] = "…"
		}
	}
	return shown
}

// ownBuildID is the build ID of this program, "" if it cannot be had.
func ownBuildID() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read from
	id, err := buildID(file)
	if err != nil {
		return ""
	}
	return id
}

// ownHash is the SHA-256 of the program's file, "" if it cannot be had in time.
func ownHash(ctx context.Context) string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read from
	if info, err := file.Stat(); err != nil || info.Size() > maxHashed {
		return ""
	}
	hash := sha256.New()
	for ctx.Err() == nil {
		switch _, err := io.CopyN(hash, file, 1<<20); {
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(hash.Sum(nil))
		case err != nil:
			return ""
		}
	}
	return ""
}

// cpuModel is the name of the processor where the system tells it in /proc/cpuinfo, else "".
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// gitText adds to a provenance of which commit the program was that a step has started, "" if that is not known.
func gitText(doc json.RawMessage) string {
	var state gitstate.State
	if len(doc) == 0 || json.Unmarshal(doc, &state) != nil {
		return ""
	}
	return strings.TrimSpace("; its program of commit " + state.String() + " " + state.Branch)
}

// provenanceText is the short form of a provenance for people: what it was, from which commit, and where.
func provenanceText(doc json.RawMessage) string {
	var p provenance
	if len(doc) == 0 || json.Unmarshal(doc, &p) != nil { // of another program, perhaps
		return rawText(doc)
	}
	parts := []string{strings.TrimSpace(p.Program + " " + p.Version)}
	if p.Git != nil {
		parts = append(parts, strings.TrimSpace("commit "+p.Git.String()+" "+p.Git.Branch))
	}
	parts = append(parts, p.Folder, strings.Trim(p.Host+", "+plural(int64(p.CPUs), "CPU"), ", "))
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ")
}
