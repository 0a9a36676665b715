package hdf5_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/hdf5"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// exported writes a document to a file and returns its path.
func exported(t *testing.T, doc *export.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	ok(t, export.WriteFile(t.Context(), path, hdf5.Format(), doc, export.Never))
	return path
}

func sample() *export.Document {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	return &export.Document{
		Attributes: []export.Attribute{
			{Name: "workflow", Value: "heat"}, {Name: "version", Value: int64(3)}, {Name: "rate", Value: 0.5},
			{Name: "resumed", Value: true}, {Name: "created", Value: at},
		},
		Tables: []*export.Table{
			{Name: "history", Columns: []export.Column{
				{Name: "seq", Kind: export.Int}, {Name: "at", Kind: export.Time}, {Name: "step", Kind: export.Text}, {Name: "ok", Kind: export.Bool}, {Name: "residual", Kind: export.Float},
				{Name: "detail", Kind: export.JSON}, {Name: "small", Kind: export.Int}, {Name: "large", Kind: export.Int}, {Name: "maybe", Kind: export.Bool},
			}, Rows: export.RowsOf([]export.Row{
				{int64(math.MinInt64), at, "grüße", true, math.Inf(-1), json.RawMessage(`{"a":1}`), int64(7), int64(math.MaxInt64), true},
				{int64(math.MaxInt64), nil, nil, false, nil, nil, nil, nil, nil},
			})},
			{Name: "none", Columns: []export.Column{{Name: "x", Kind: export.Int}}, Rows: export.RowsOf(nil)},
			{Name: "bare", Rows: export.RowsOf([]export.Row{{}, {}})},
		},
		Arrays: []*export.Array{
			export.Scalar("pi", math.Pi), export.Scalar("name", "Zoë"),
			{Name: "u", Dims: []int{2, 3}, Data: []float64{1, 2, 3, 4, math.NaN(), 6}},
			{Name: "f32", Dims: []int{2}, Data: []float32{0.1, 2}}, {Name: "mask", Dims: []int{2}, Data: []bool{true, false}},
			{Name: "raw", Dims: []int{3}, Data: []byte{0, 1, 255}}, {Name: "names", Dims: []int{2, 1}, Data: []string{"", "世界"}},
			{Name: "empty", Dims: []int{0, 4}, Data: []float64{}},
		},
		Groups: []*export.Group{{Name: "run 1", Groups: []*export.Group{
			{Name: "state", Arrays: []*export.Array{export.Scalar("i", int64(5)), export.Scalar(".", true)}},
		}}},
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	path := exported(t, sample())
	h5py(t, path, `
a = f.attrs
assert a['workflow'] == 'heat' and a['version'] == 3 and a['rate'] == 0.5 and a['resumed'] == True
assert a['created'] == '2026-02-03T04:05:06.789000Z'
h = f['history'][:]
assert h['seq'].tolist() == [-2**63, 2**63-1] and h['ok'].tolist() == [True, False]
assert h['at'].astype('datetime64[us]').astype(str).tolist() == ['2026-02-03T04:05:06.789000', 'NaT']
assert f['history'].attrs['at.units'] == 'microseconds since 1970-01-01 00:00:00 UTC'
assert [x.decode() for x in h['step']] == ['grüße', ''] and [x.decode() for x in h['detail']] == ['{"a":1}', '']
assert h['residual'][0] == -np.inf and np.isnan(h['residual'][1])
assert h['small'][0] == 7 and np.isnan(h['small'][1])
assert [x.decode() for x in h['large']] == [str(2**63-1), '']
assert h['maybe'][0] == 1 and np.isnan(h['maybe'][1])
assert f['none'].shape == (0,) and f['bare'].attrs['rows'] == 2
assert f['pi'][()] == np.pi and f['name'].asstr()[()] == 'Zoë' and f['names'].asstr()[:].tolist() == [[''], ['世界']]
assert f['u'][0].tolist() == [1, 2, 3] and f['u'][1, 2] == 6 and np.isnan(f['u'][1, 1])
assert f['f32'][0] == np.float32(0.1) and f['mask'][:].tolist() == [True, False] and f['raw'][:].tolist() == [0, 1, 255]
assert f['empty'].shape == (0, 4) and f['run 1/state/i'][()] == 5 and f['run 1/state/·'][()]
`)
}

// The structure as the HDF Group's own tool sees it.
func TestStructure(t *testing.T) {
	t.Parallel()
	got := run(t, "h5dump", "-p", "-H", exported(t, sample()))
	got = regexp.MustCompile(`OFFSET \d+|"/[^"]*x\.h5"|SIZE \d+( \([\d.]+:1 COMPRESSION\))?`).ReplaceAllString(got, "…")
	golden := filepath.Join("testdata", "structure.golden")
	if *update {
		ok(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	if diff := cmp.Diff(string(must(os.ReadFile(golden))), got); diff != "" {
		t.Errorf("h5dump -p -H (- want, + got):\n%s", diff)
	}
}

// Two exports of one document are the same bytes.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	a, b := must(os.ReadFile(exported(t, sample()))), must(os.ReadFile(exported(t, sample())))
	if string(a) != string(b) {
		t.Error("two exports of one document differ")
	}
}

func TestDocumentThatDoesNotFit(t *testing.T) {
	t.Parallel()
	rows := func(err error) *export.Table {
		return &export.Table{Name: "t", Columns: []export.Column{{Name: "x", Kind: export.Text}}, Rows: func(yield func(export.Row, error) bool) {
			_ = yield(export.Row{"a\x00b"}, err)
		}}
	}
	broken := errors.New("disk on fire")
	for want, doc := range map[string]*export.Document{
		`hdf5: t: column x: text has a zero byte at 1`: {Tables: []*export.Table{rows(nil)}},
		`hdf5: t: disk on fire`:                        {Tables: []*export.Table{rows(broken)}},
		`hdf5: v: text has a zero byte at 0`:           {Groups: []*export.Group{{Name: "g", Arrays: []*export.Array{export.Scalar("v", "\x00")}}}},
	} {
		err := export.WriteFile(t.Context(), filepath.Join(t.TempDir(), "x.h5"), hdf5.Format(), doc, export.Never)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	err := export.WriteFile(ctx, filepath.Join(t.TempDir(), "x.h5"), hdf5.Format(), sample(), export.Never)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled export: %v", err)
	}
}
