package hdf5_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/hdf5"
)

// An array of 64 MB, smooth as that of a diffusion.
func BenchmarkArray(b *testing.B) {
	u := make([]float64, 8<<20)
	for i := range u {
		u[i] = 1 / (1 + float64(i%4096)*float64(i%4096)/1e6)
	}
	doc := &export.Document{Arrays: []*export.Array{{Name: "u", Dims: []int{2048, 4096}, Data: u}}}
	dir := b.TempDir()
	b.SetBytes(int64(8 * len(u)))
	b.ReportAllocs()
	for b.Loop() {
		path := filepath.Join(dir, "x.h5")
		if err := export.WriteFile(b.Context(), path, hdf5.Format(), doc, export.Always); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(8*len(u)), "size/size")
	}
}

// A history of 10⁵ rows with three columns.
func BenchmarkTable(b *testing.B) {
	doc := &export.Document{Tables: []*export.Table{{
		Name: "history", Columns: []export.Column{{Name: "seq", Kind: export.Int}, {Name: "x", Kind: export.Float}, {Name: "step", Kind: export.Text}},
		Rows: func(yield func(export.Row, error) bool) {
			for i := range int64(100_000) {
				if !yield(export.Row{i, float64(i), "measure"}, nil) {
					return
				}
			}
		},
	}}}
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		if err := export.WriteFile(b.Context(), filepath.Join(dir, "x.h5"), hdf5.Format(), doc, export.Always); err != nil {
			b.Fatal(err)
		}
	}
}
