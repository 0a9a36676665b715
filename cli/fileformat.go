package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/hdf5"
	"github.com/durable-wf/wf/export/npz"
	"github.com/durable-wf/wf/export/parquet"
	"github.com/durable-wf/wf/export/pickle"
	"github.com/durable-wf/wf/export/sqlite"
	"github.com/durable-wf/wf/export/xlsx"
)

// fileFormats are the formats of files that are written and read, in the order of the help.
func fileFormats() []export.Format {
	return []export.Format{
		export.CSV(), export.JSONDocument(), export.JSONLines(), xlsx.Format(), parquet.Format(), hdf5.Format(), npz.Format(), npz.Array(),
		pickle.Format(), sqlite.Format(),
	}
}

// formatWords are the names of the formats that are written, to complete them.
func formatWords() []cobra.Completion {
	var words []cobra.Completion
	for _, f := range fileFormats() {
		if f.Writes() {
			words = append(words, cobra.CompletionWithDesc(f.Name, f.Doc))
		}
	}
	return words
}

// readSuffixes are the suffixes of the files that can be read.
func readSuffixes() []string {
	formats := fileFormats()
	return export.Suffixes(slices.DeleteFunc(formats, func(f export.Format) bool { return f.Read == nil }))
}
