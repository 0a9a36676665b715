package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/runs"
)

const exportLong = `Write results, states, metrics and histories of runs to a file for other programs.

The suffix of the file says the format; --format does if there is none, or for - (stdout). What a file holds:
  results   a row a run: status, times, its inputs (input_n) and its result (result_total)
  state     the newest state with its lists and arrays as such; in checkpoints a row each that is kept
  metrics   a row a point of each series
  history   a row an event, as wf history has them
Without --what: all of a single run in json, hdf5, npz and pickle; its results, metrics and history in xlsx and
sqlite; results and metrics of several runs. csv, jsonl and parquet hold one table: the results, of a run with
children theirs, of a sweep its table; --table names another one.

A file is written beside its place and renamed once it is whole. One that is there stays, unless --force is given.`

// exporting is the flags of export.
type exporting struct {
	search
	all    bool
	path   string
	format string
	what   choice
	table  string
	force  bool
}

func (a *app) exportCommand() *cobra.Command {
	o := exporting{what: choice{known: whats()}}
	cmd := &cobra.Command{
		Use:   "export [RUN…] -o FILE",
		Short: "Write results, states, metrics and histories to a file: csv, xlsx, parquet, hdf5, …",
		Long:  exportLong,
		Example: `  wf export 42 -o run.h5
  wf export @last --what history -o audit.csv
  wf export --where 'workflow = "pi" and status = "completed"' -o pi.parquet
  wf export --all --what results,metrics -o all.xlsx --force
  wf export 42 --table state.u -o u.csv
  wf export --all -o - --format jsonl | jq .result_total`,
		GroupID: groupKeep,
		Args:    arguments(0, -1),
		RunE: func(cmd *cobra.Command, refs []string) error {
			format, err := o.check(refs)
			if err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.export(cmd.Context(), eng, &o, format, refs)
			})
		},
	}
	o.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.all, "all", false, "all runs")
	flags.StringVarP(&o.path, "output", "o", "", "the file, or - for stdout: "+strings.Join(export.Suffixes(fileFormats()), ", "))
	flags.StringVar(&o.format, "format", "", "write this format, whatever the file is called")
	choiceFlag(cmd, &o.what, "what", "what to write: results, state, metrics, history")
	flags.StringVar(&o.table, "table", "", "of a format with one table: which one")
	flags.BoolVar(&o.force, "force", false, "replace the file if it is there")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatWords(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func whats() []string {
	var words []string
	for _, w := range runs.Whats() {
		words = append(words, string(w))
	}
	return words
}

// check reports flags that contradict each other, and returns the format of the file.
func (o *exporting) check(refs []string) (export.Format, error) {
	if err := o.selects(refs, o.all); err != nil {
		return export.Format{}, err
	}
	switch {
	case o.path == "":
		return export.Format{}, usagef("say where to: -o FILE, whose suffix is one of %s", strings.Join(export.Suffixes(fileFormats()), ", "))
	case o.path == "-" && o.format == "":
		return export.Format{}, usagef("-o - needs a --format: csv, json, jsonl, …")
	}
	format, err := export.Find(fileFormats(), o.path)
	if o.format != "" {
		format, err = formatNamed(o.format)
	}
	switch {
	case err != nil:
		return format, &usageError{err: err, hint: map[bool]string{true: "--format names one for any file"}[o.format == ""]}
	case o.path == "-" && format.Stream == nil:
		return format, usagef("%s needs a file: it is not written from front to back", format.Name)
	case o.table != "" && format.Holds != export.OneTable:
		return format, usagef("--table is for formats with one table; %s holds all of them", format.Name)
	case format.Holds == export.OneTable && o.table == "" && len(o.what.chosen) > 1:
		return format, usagef("%s holds one table, not %s: choose one, or xlsx or sqlite", format.Name, o.what.String())
	}
	return format, o.checkPlace()
}

// formatNamed is the format that a person has named.
func formatNamed(name string) (export.Format, error) {
	var known []string
	for _, f := range fileFormats() {
		if f.Name == name && f.Writes() {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return export.Format{}, fmt.Errorf("no format %q; known are %s", name, strings.Join(known, ", "))
}

// checkPlace reports early that the file is there.
func (o *exporting) checkPlace() error {
	if _, err := os.Stat(o.path); err != nil || o.force || o.path == "-" {
		return nil // what else is wrong with the path, writing tells
	}
	return usagef("%s is there already; --force replaces it", o.path)
}

// parts are what to write of runs.
func (o *exporting) parts(format export.Format, single bool) []runs.What {
	switch {
	case len(o.what.chosen) > 0:
		var parts []runs.What
		for _, w := range runs.Whats() {
			if slices.Contains(o.what.chosen, string(w)) {
				parts = append(parts, w)
			}
		}
		return parts
	case o.table != "", format.Holds == export.All && single:
		return runs.Whats()
	case format.Holds == export.OneTable:
		return []runs.What{runs.Results}
	case single:
		return []runs.What{runs.Results, runs.Metrics, runs.History}
	}
	return []runs.What{runs.Results, runs.Metrics}
}

func (a *app) export(ctx context.Context, eng *engine.Engine, o *exporting, format export.Format, refs []string) error {
	ids, err := a.exported(ctx, eng, o, refs)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return usagef("no runs match: nothing was written")
	}
	doc, err := runs.Document(ctx, eng, ids, o.parts(format, len(ids) == 1))
	if err != nil {
		return err
	}
	if format.Holds == export.OneTable {
		if err := o.choose(doc); err != nil {
			return err
		}
	}
	if o.path == "-" {
		return format.Stream(ctx, a.stdout, doc)
	}
	replace := export.Never
	if o.force {
		replace = export.Always
	}
	if err := export.WriteFile(ctx, o.path, format, doc, replace); err != nil {
		if errors.Is(err, fs.ErrExist) { // it has come since
			return usagef("%s is there already; --force replaces it", o.path)
		}
		return err
	}
	if format.Holds == export.OneTable {
		a.note("%s: %s of %s", o.path, doc.Tables[0].Name, plural(int64(len(ids)), "run"))
	} else {
		a.note("%s: %s", o.path, plural(int64(len(ids)), "run"))
	}
	return nil
}

// exported are the numbers of the runs: those that are named in that order, those that are found the oldest first.
func (a *app) exported(ctx context.Context, eng *engine.Engine, o *exporting, refs []string) ([]int64, error) {
	var ids []int64
	for _, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, run.ID) {
			ids = append(ids, run.ID)
		}
	}
	if len(refs) > 0 {
		return ids, nil
	}
	err := eachPage(ctx, eng, o.filter(), 0, func(page []engine.Run) (bool, error) {
		for _, run := range page {
			ids = append(ids, run.ID)
		}
		return true, nil
	})
	slices.Reverse(ids)
	return ids, err
}

// choose leaves in doc the one table that is to be written.
func (o *exporting) choose(doc *export.Document) error {
	name := o.table
	if name == "" && len(o.what.chosen) == 1 {
		name = runs.What(o.what.chosen[0]).Table()
	}
	tables := doc.Tables[:1]
	if name != "" {
		var known []string
		tables = nil
		for _, t := range export.Flat(doc) {
			known = append(known, t.Name)
			if t.Name == name {
				tables = append(tables, t)
			}
		}
		if len(tables) == 0 {
			return usagef("no table %q among %s%s", name, strings.Join(known, ", "), nearestTo(name, known))
		}
	}
	doc.Tables, doc.Arrays, doc.Groups = tables, nil, nil
	return nil
}
