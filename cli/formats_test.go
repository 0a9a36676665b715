package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/cli"
	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

// expected follows what the page shows, in the folder of the exports.
const expected = `
assert u.tolist() == [[0.5, 2.0], [1.0, 4.0]]
h5 = pd.DataFrame(f["history"][:])
pkl, npz = history, pd.DataFrame(np.load("run.npz")["history"])
times = lambda column: pd.to_datetime(column, unit="us", utc=True)
assert len(h5) == len(npz) == len(pkl) == 2 and times(h5["time"]).equals(times(npz["time"])) and times(h5["time"]).equals(times(pkl["time"]))
assert [x.decode() for x in h5["kind"]] == list(npz["kind"]) == list(pkl["kind"]) == ["created", "completed"]
assert (h5["seq"] == pkl["seq"]).all() and (npz["seq"] == pkl["seq"]).all()
`

// The Python of docs/formats.md runs as it stands there.
func TestPythonOfThePageOnFormats(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```python\n")
	script, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("docs/formats.md shows no Python")
	}
	dir := t.TempDir()
	wf := func(args ...string) {
		t.Helper()
		var stderr bytes.Buffer
		args = append([]string{"--db", filepath.Join(dir, "wf.db")}, args...)
		if code := cli.Run(t.Context(), args, strings.NewReader(""), &bytes.Buffer{}, &stderr, given()); code != cli.ExitOK {
			t.Fatalf("wf %v: exit code %d, %s", args, code, &stderr)
		}
	}
	wf("start", "given", "--input", `{"u":[[0.5,2],[1,4]]}`)
	for _, suffix := range []string{"h5", "npz", "pkl"} {
		wf("export", "1", "-o", filepath.Join(dir, "run."+suffix))
	}
	cmd := exec.CommandContext(t.Context(), peer.Python(t, "h5py", "numpy", "pandas"), "-c", script+expected)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

type givenState struct {
	U [][]float64 `json:"u" help:"a plate"`
}

// given ends with what it was given.
func given() engine.Definition {
	const name engine.Name[givenState, givenState] = "given"
	return engine.Workflow[givenState, givenState]{
		Name: name, Doc: "Give back the inputs.",
		Steps: []engine.Step[givenState]{{Name: "give", Do: func(_ *engine.Context, s *givenState) (engine.Transition, error) {
			return name.Done(*s), nil
		}}},
	}
}
