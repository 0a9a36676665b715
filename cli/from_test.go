package cli_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/cli"
	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

type takenState struct {
	N      int64             `json:"n" help:"a number"`
	X      float64           `json:"x" help:"another"`
	Name   string            `json:"name" help:"a text"`
	On     bool              `json:"on" help:"a switch"`
	U      []float64         `json:"u" help:"a list"`
	Points []json.RawMessage `json:"points" help:"records"`
}

// taken ends with what it was given.
func taken() engine.Definition {
	const name engine.Name[takenState, takenState] = "taken"
	return engine.Workflow[takenState, takenState]{
		Name: name, Doc: "Give back the inputs.",
		Steps: []engine.Step[takenState]{{Name: "give", Do: func(_ *engine.Context, s *takenState) (engine.Transition, error) {
			return name.Done(*s), nil
		}}},
	}
}

// python makes files of inputs as people do.
const python = `
import sys, pickle, h5py, numpy, openpyxl, pandas
folder = sys.argv[1]
values = {"n": 2**53 + 1, "x": 0.1, "name": "007", "on": True, "u": [0.5, 2.0]}
pickle.dump(values, open(folder + "/plain.pkl", "wb"))
pickle.dump({**values, "u": numpy.array([0.5, 2.0]), "n": numpy.int64(2**53 + 1)}, open(folder + "/numpy.pkl", "wb"))
numpy.savez(folder + "/in.npz", **values)
numpy.save(folder + "/u.npy", numpy.array([0.5, 2.0]))
with h5py.File(folder + "/in.h5", "w") as f:
    for name, value in values.items(): f[name] = value
book = openpyxl.Workbook()
book.active.append(list(values))
book.active.append([str(v) if isinstance(v, list) or k == "n" else v for k, v in values.items()])
book.save(folder + "/in.xlsx")
pandas.DataFrame([{**values, "u": str(values["u"])}]).to_csv(folder + "/in.csv", index=False)
pandas.DataFrame([{k: v for k, v in values.items()}]).to_json(folder + "/in.json", orient="records")
points = pandas.DataFrame([{"n": 1, "s": "a"}, {"n": 2, "s": "b"}])
points.to_csv(folder + "/points.csv", index=False)
points.to_json(folder + "/points.jsonl", orient="records", lines=True)
points.to_excel(folder + "/points.xlsx", index=False)
pickle.dump(points.to_dict("records"), open(folder + "/points.pkl", "wb"))
`

func TestInputsFromFilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), peer.Python(t, "numpy", "pandas", "openpyxl", "h5py"), "-c", python, dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const values = `{"n":9007199254740993,"x":0.1,"name":"007","on":true,"u":[0.5,2],"points":null}`
	const points = `{"n":0,"x":0,"name":"","on":false,"u":null,"points":[{"n":1,"s":"a"},{"n":2,"s":"b"}]}`
	words := strings.NewReplacer(`1,"s`, `"1","s`, `2,"s`, `"2","s`).Replace(points) // cells have no type
	for file, want := range map[string]string{
		"plain.pkl": values, "numpy.pkl": values, "in.npz": values, "in.h5": values,
		"u.npy":   `{"n":0,"x":0,"name":"","on":false,"u":[0.5,2],"points":null}`,
		"in.xlsx": values, "in.csv": values, "in.json": values,
		"points.csv": words, "points.jsonl": points, "points.xlsx": words, "points.pkl": points,
	} {
		var stdout, stderr bytes.Buffer
		args := []string{"--db", filepath.Join(dir, "wf.db"), "start", "taken", "--from", filepath.Join(dir, file)}
		code := cli.Run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, taken())
		if got := strings.TrimSpace(stdout.String()); code != cli.ExitOK || got != want {
			t.Errorf("%s: exit code %d, %s\ngot  %s\nwant %s", file, code, &stderr, got, want)
		}
	}
}
