package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

// The workflows: a report spawns a tally for each shop.
const (
	Reports engine.Name[Report, string] = "report"
	Tallies engine.Name[Tally, Line]    = "tally"
)

// Report is the state of the run that writes the report of a day.
type Report struct {
	Day string `json:"day" help:"day to report on, such as 2026-11-22; the day before its scheduled time if left out"`
}

// Tally is the state of the run that adds up a shop's sales of a day.
type Tally struct {
	Shop string `json:"shop" help:"name of the shop"`
	Day  string `json:"day" help:"day to add up"`
}

// Line is what a shop has sold on a day.
type Line struct {
	Shop  string `json:"shop"`
	Sales int    `json:"sales"`
	Cents int64  `json:"cents"`
}

// Folders are where sales come from (SHOP/DAY.csv, one amount in cents per line) and reports go to (DAY.txt).
type Folders struct {
	Sales, Reports string
	Zone           *time.Location // whose days they are
}

// reportWorkflow makes the workflow of a report. At most four shops are added up at a time.
func (f Folders) reportWorkflow() engine.Workflow[Report, string] {
	return engine.Workflow[Report, string]{
		Name: Reports,
		Doc:  "Write the report of a day.",
		Steps: []engine.Step[Report]{
			{Name: "spread", Do: f.spread},
			{Name: "write", Do: f.write, Retry: engine.Retry{Attempts: 5}},
		},
	}
}

func (f Folders) tallyWorkflow() engine.Workflow[Tally, Line] {
	return engine.Workflow[Tally, Line]{
		Name:  Tallies,
		Doc:   "Add up what a shop has sold on a day.",
		Steps: []engine.Step[Tally]{{Name: "add", Do: f.add, Retry: engine.Retry{Attempts: 5}}},
	}
}

// spread starts a tally for each shop.
func (f Folders) spread(ctx *engine.Context, r *Report) (engine.Transition, error) {
	if r.Day == "" {
		night := ctx.Run().Scheduled
		if night.IsZero() {
			return engine.Transition{}, engine.Permanent(errors.New("a report that no schedule has started needs a day"))
		}
		r.Day = night.In(f.Zone).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	ctx.Set("day", r.Day)
	shops, err := os.ReadDir(f.Sales)
	if err != nil {
		return engine.Transition{}, err
	}
	children := func(yield func(engine.Child) bool) {
		for _, shop := range shops {
			if shop.IsDir() && !yield(Tallies.Child(Tally{Shop: shop.Name(), Day: r.Day}, nil)) {
				return
			}
		}
	}
	return engine.Spawn(children, "write").Limit(4), nil
}

// add adds up one shop's sales. A shop that was closed has no file.
func (f Folders) add(_ *engine.Context, t *Tally) (engine.Transition, error) {
	line := Line{Shop: t.Shop}
	file, err := os.Open(filepath.Join(f.Sales, t.Shop, t.Day+".csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return Tallies.Done(line), nil
	}
	if err != nil {
		return engine.Transition{}, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return engine.Transition{}, err
	}
	for i, row := range rows {
		cents, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return engine.Transition{}, engine.Permanent(fmt.Errorf("%s, line %d: %w", file.Name(), i+1, err))
		}
		line.Sales++
		line.Cents += cents
	}
	return Tallies.Done(line), nil
}

// write writes the report.
func (f Folders) write(ctx *engine.Context, r *Report) (engine.Transition, error) {
	var text strings.Builder
	var lines []Line
	var missing int
	for line, err := range Tallies.Results(ctx) {
		if _, lost := errors.AsType[*engine.RunError](err); lost { // its run says why
			missing++
			continue
		}
		if err != nil {
			return engine.Transition{}, err
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Cents, a.Cents), cmp.Compare(a.Shop, b.Shop))
	})
	for _, line := range lines {
		fmt.Fprintf(&text, "%-12s %4d sales %8.2f\n", line.Shop, line.Sales, float64(line.Cents)/100)
	}
	if missing > 0 {
		fmt.Fprintf(&text, "(%d shops could not be added up)\n", missing)
	}
	path := filepath.Join(f.Reports, r.Day+".txt")
	err := engine.Exec(ctx, "file", func(context.Context) error { return replace(path, text.String()) })
	return Reports.Done(path), err
}
