package runs_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/hdf5"
	"github.com/durable-wf/wf/export/npz"
	"github.com/durable-wf/wf/export/parquet"
	"github.com/durable-wf/wf/export/pickle"
	"github.com/durable-wf/wf/export/runs"
	"github.com/durable-wf/wf/export/sqlite"
	"github.com/durable-wf/wf/export/xlsx"
)

// BenchmarkMillionRows writes a table that is never in memory. With -short it has 10,000 rows.
func BenchmarkMillionRows(b *testing.B) {
	rows := int64(1_000_000)
	if testing.Short() {
		rows = 10_000
	}
	table := &export.Table{Name: "rows", Columns: []export.Column{
		{Name: "id", Kind: export.Int}, {Name: "time", Kind: export.Time}, {Name: "kind"}, {Name: "x", Kind: export.Float}, {Name: "error"},
	}}
	begun := time.Now()
	table.Rows = func(yield func(export.Row, error) bool) {
		row := make(export.Row, 5)
		for i := range rows {
			row[0], row[1], row[2], row[3] = i, begun.Add(time.Duration(i)*time.Millisecond), "checkpoint", float64(i)*0.1
			if !yield(row, nil) {
				return
			}
		}
	}
	doc := &export.Document{Tables: []*export.Table{table}}
	for _, f := range []export.Format{
		export.CSV(), export.JSONLines(), parquet.Format(), hdf5.Format(), npz.Format(), pickle.Format(), sqlite.Format(), xlsx.Format(),
	} {
		b.Run(f.Name, func(b *testing.B) { benchmarkWrite(b, f, doc) })
	}
}

func benchmarkWrite(b *testing.B, f export.Format, doc *export.Document) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "x"+f.Suffixes[0])
	b.ReportAllocs()
	for b.Loop() {
		if err := export.WriteFile(b.Context(), path, f, doc, export.Always); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLargeState makes a document of a run with a state of 100 MB, and writes it.
func BenchmarkLargeState(b *testing.B) {
	type state struct {
		U engine.Floats `json:"u"`
	}
	const name engine.Name[state, int] = "large"
	e := enginetest.New(b, engine.Workflow[state, int]{
		Name: name, Codec: engine.CBOR,
		Steps: []engine.Step[state]{{Name: "fill", Do: func(_ *engine.Context, s *state) (engine.Transition, error) {
			s.U = make(engine.Floats, 12_500_000)
			for i := range s.U {
				s.U[i] = float64(i) * 0.1
			}
			return name.Done(1), nil
		}}},
	})
	run := enginetest.Start(e, name, state{}, &engine.StartOptions{Keep: engine.KeepAll})
	if _, err := e.Wait(b.Context(), run.ID); err != nil {
		b.Fatal(err)
	}
	for _, f := range []export.Format{hdf5.Format(), npz.Format(), export.JSONDocument()} {
		b.Run(f.Name, func(b *testing.B) {
			for b.Loop() {
				doc, err := runs.Document(b.Context(), e.Engine, []int64{run.ID}, runs.Whats())
				if err != nil {
					b.Fatal(err)
				}
				if err := export.WriteFile(b.Context(), filepath.Join(b.TempDir(), "x"), f, doc, export.Always); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
