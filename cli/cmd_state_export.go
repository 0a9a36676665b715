package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

const stateExportLong = `Write the newest state of a run, or the one that was saved with event SEQ, into a file.

As .json it is written as state show has it, as .bin as it is stored; any other suffix is a format of export, with
lists of numbers as arrays. The state files of a program that exec runs are written as they were: all of them
into a folder that is there, or a single one into a file with the suffix that it had.

A file is written beside its place and renamed once it is whole. One that is there stays, unless --force is given.`

func (a *app) stateExportCommand() *cobra.Command {
	var path string
	var force bool
	cmd := &cobra.Command{
		Use:   "export RUN [SEQ] -o FILE",
		Short: "Write a state into a file",
		Long:  stateExportLong,
		Example: `  wf state export 42 -o now.json
  wf state export 42 340 -o before.h5
  wf state export @last -o checkpoint.pickle --force`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if path == "" {
				return usagef("say where to: -o FILE; usage: %s", cmd.UseLine())
			}
			seq := strings.Join(args[1:], "")
			return a.withStates(cmd.Context(), args[0], func(run engine.Run, kept []engine.StateVersion) error {
				version, err := pick(run, kept, seq)
				if err != nil {
					return err
				}
				return a.exportState(cmd.Context(), run, version, path, force)
			})
		},
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "the file; or a folder, for the state files of a program")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

// exportState writes one checkpoint.
func (a *app) exportState(ctx context.Context, run engine.Run, v engine.StateVersion, path string, force bool) error {
	if v.Bad != "" {
		return fmt.Errorf("run %d: the checkpoint of event %d: %s", run.ID, v.Seq, v.Bad)
	}
	replace := export.Never
	if force {
		replace = export.Always
	}
	files, err := stateFiles(run, v)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return a.exportFiles(ctx, run, files, path, replace)
	}
	var format export.Format
	doc := &export.Document{}
	switch suffix := filepath.Ext(path); {
	case len(files) == 1 && suffix == filepath.Ext(files[0].Name):
		format = verbatim(files[0].Data)
	case suffix == ".json":
		format = verbatim(append(v.State, '\n'))
	case suffix == ".bin":
		format = verbatim(v.Stored.Data)
	default:
		if format, err = export.Find(fileFormats(), path); err != nil {
			return &usageError{err: err, hint: "or .bin, as it is stored"}
		}
		if doc, err = stateDocument(v); err != nil {
			return fmt.Errorf("run %d: the state of event %d: %w", run.ID, v.Seq, err)
		}
	}
	return a.writeState(ctx, path, format, doc, replace)
}

// verbatim is a format that writes bytes as they are.
func verbatim(data []byte) export.Format {
	return export.Format{Name: "file", Stream: func(_ context.Context, w io.Writer, _ *export.Document) error {
		_, err := w.Write(data)
		return err
	}}
}

func (a *app) writeState(ctx context.Context, path string, format export.Format, doc *export.Document, replace export.Replace) error {
	err := export.WriteFile(ctx, path, format, doc, replace)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already; --force replaces it", path)
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil {
		a.note("wrote %s, %s", path, humanize.IBytes(uint64(info.Size())))
	}
	return err
}

// stateDocument unfolds a state: its members, or the whole as "state" if it is no object.
func stateDocument(v engine.StateVersion) (*export.Document, error) {
	doc := &export.Document{Attributes: []export.Attribute{{Name: "seq", Value: v.Seq}, {Name: "step", Value: v.Step}}}
	members, err := export.Members(v.State)
	if err != nil {
		return doc, doc.Unfold("state", v.State)
	}
	for _, m := range members {
		if err := doc.Unfold(m.Name, m.Value); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// stateFile is a file in which a program has kept its state.
type stateFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// stateFiles are those that a run of a program has recorded; none of other workflows.
func stateFiles(run engine.Run, v engine.StateVersion) ([]stateFile, error) {
	if run.Workflow != execWorkflow {
		return nil, nil
	}
	var state struct {
		Version struct {
			Files []stateFile `json:"files"`
		} `json:"version"`
	}
	if err := json.Unmarshal(v.State, &state); err != nil {
		return nil, fmt.Errorf("run %d: its state files: %w", run.ID, err)
	}
	return state.Version.Files, nil
}

// exportFiles writes state files into a folder, under their own names.
func (a *app) exportFiles(ctx context.Context, run engine.Run, files []stateFile, dir string, replace export.Replace) error {
	if len(files) == 0 {
		return usagef("%s is a folder, and run %d has no state files of a program to put there", dir, run.ID)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(filepath.FromSlash(f.Name)))
		if err := a.writeState(ctx, path, verbatim(f.Data), &export.Document{}, replace); err != nil {
			return err
		}
	}
	return nil
}
