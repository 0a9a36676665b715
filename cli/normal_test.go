package cli_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdNormal writes an output without what differs from one test to the next, so that it can be
// compared: normal stdout|stderr|FILE NEWFILE.
func cmdNormal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: normal stdout|stderr|FILE NEWFILE")
	}
	text := normal(ts.ReadFile(args[0]), ts.Getenv("WORK"))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// rules are applied in this order.
var rules = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HASH"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?`), "TIME"},
	{regexp.MustCompile(`[\w.-]+@[\w.-]+ pid \d+`), "USER@HOST pid PID"},
	{regexp.MustCompile(`pid \d+ on \S+`), "pid PID on HOST"},
	{regexp.MustCompile(`\S+:\d+( +(alive|dead) +)?\(wf \S+\)`), "HOST:PID$1(wf VERSION)"},
	{regexp.MustCompile(`\(wf [^V)]\S*\)`), "(wf VERSION)"},
	{regexp.MustCompile(`(?m)^(provenance +)wf .*$`), "${1}PROVENANCE"},
	{regexp.MustCompile(`"pid":\d+`), `"pid":0`},
	{regexp.MustCompile(`"host":"[^"]+"`), `"host":"HOST"`},
	{regexp.MustCompile(`"program_version":"[^"]+"`), `"program_version":"VERSION"`},
	{regexp.MustCompile(`_us":\d+`), `_us":0`},
	{regexp.MustCompile(`"overhead":[0-9.e-]+`), `"overhead":0`},
	{regexp.MustCompile(`"per_second":[0-9.e+-]+`), `"per_second":0`},
	{regexp.MustCompile(`(?m)  [+-][0-9.e+-]+(  +[+-][0-9.e+-]+)$`), "  RATE$1"}, // of a difference, in a table
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s|m|h)(\d+s|\d+m\d+s)?\b`), "DURATION"},
	{regexp.MustCompile(`stalled DURATION \([^)]*\)`), "stalled DURATION (SHARE)"},
	{regexp.MustCompile(` {3,}`), "  "},
}

func normal(text, work string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	text = normalProvenance(normalCSV(text))
	text = strings.ReplaceAll(text, work, "WORK")
	text = regexp.MustCompile(regexp.QuoteMeta(host)+`:\d+`).ReplaceAllString(text, "HOST:PID")
	for _, r := range rules {
		text = r.what.ReplaceAllString(text, r.by)
	}
	return text
}

// normalProvenance empties the objects called provenance.
func normalProvenance(text string) string {
	const mark = `"provenance":`
	before, after, ok := strings.Cut(text, mark)
	if !ok || !strings.HasPrefix(after, "{") {
		return text
	}
	dec := json.NewDecoder(strings.NewReader(after))
	var doc json.RawMessage
	if dec.Decode(&doc) != nil {
		return text
	}
	return before + mark + "{}" + normalProvenance(after[dec.InputOffset():])
}

// normalCSV replaces by column name; what is no CSV stays as it is.
func normalCSV(text string) string {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 || len(records[0]) < 4 || strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") {
		return text
	}
	for _, record := range records[1:] {
		for i, name := range records[0] {
			replaced := strings.HasSuffix(name, "_us") || slices.Contains([]string{"pid", "host", "program_version", "overhead", "per_second", "provenance"}, name)
			if replaced && record[i] != "" {
				record[i] = strings.ToUpper(name)
			}
		}
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.WriteAll(records) // a Builder takes everything
	return b.String()
}
