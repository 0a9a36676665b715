package wf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const maxRecordLines = 60 // of a decision record

// markdown returns the text of all documents by their path, without code in fences.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```.*?^```")
	texts := map[string]string{}
	for _, path := range filesUnder(t, ".md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = fence.ReplaceAllString(string(text), "")
	}
	return texts
}

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	texts := markdown(t)
	for path, text := range texts {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") { // another site
				continue
			}
			if target == "" {
				target = path
			} else {
				target = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: %v", path, m[1], err)
				continue
			}
			if to, ok := texts[target]; anchor != "" && ok && !slices.Contains(anchors(to), anchor) {
				t.Errorf("%s: link to %s: there is no such heading", path, m[1])
			}
		}
	}
}

// anchors returns what the headings of a document are called in links.
func anchors(text string) []string {
	heading := regexp.MustCompile(`(?m)^#+ +(.+)$`)
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var names []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(m[1])), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func TestIndexNamesEveryDocument(t *testing.T) {
	t.Parallel()
	texts := markdown(t)
	for path := range texts {
		rel, err := filepath.Rel("docs", path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(rel, "..") || rel == "README.md" {
			continue
		}
		if link := "(" + filepath.ToSlash(rel) + ")"; !strings.Contains(texts["docs/README.md"], link) {
			t.Errorf("docs/README.md has no link to %s", rel)
		}
	}
}

// A promise is worth the tests that the documents name for it, so these must exist.
func TestTestsNamedInDocumentsExist(t *testing.T) {
	t.Parallel()
	defined := map[string]bool{}
	definition := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	for _, path := range filesUnder(t, "_test.go") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range definition.FindAllStringSubmatch(string(text), -1) {
			defined[m[1]] = true
		}
	}
	named := regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w*`)
	for path, text := range markdown(t) {
		for _, name := range named.FindAllString(text, -1) {
			if !defined[name] {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

func TestDecisionRecordsAreShortAndNumbered(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("docs/adr/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("docs/adr: %d records, error %v", len(paths), err)
	}
	sections := []string{"## Context", "## Decision", "## Alternatives refused", "## Consequences", "## How we would notice that it was wrong"}
	for i, path := range paths {
		if prefix := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(filepath.Base(path), prefix) {
			t.Errorf("%s: its number should be %s", path, prefix)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > maxRecordLines {
			t.Errorf("%s has %d lines, at most %d are allowed", path, n, maxRecordLines)
		}
		for _, section := range sections {
			if !strings.Contains(string(text), section+"\n") {
				t.Errorf("%s has no section %q", path, section)
			}
		}
	}
}

// The program in the README is examples/own, which compiles. Comments may differ.
func TestReadmeShowsTheExample(t *testing.T) {
	t.Parallel()
	var example string
	for _, path := range filesUnder(t, ".go") {
		if filepath.Dir(path) == filepath.Join("examples", "own") {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			example += string(text)
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(readme), "```go\n")
	code, _, found := strings.Cut(code, "```")
	if !found {
		t.Fatal("README.md has no Go code")
	}
	for line := range strings.Lines(code) {
		line, _, _ = strings.Cut(line, "//")
		if line = strings.TrimRight(line, " \n"); !strings.Contains(example, line) {
			t.Errorf("README.md shows %q, which examples/own does not have", line)
		}
	}
}

// Code in the pages of the documentation is a piece of a Go file that compiles, and mostly of an example that runs.
func TestCodeInDocumentsCompiles(t *testing.T) {
	t.Parallel()
	var sources []string
	for _, path := range filesUnder(t, ".go") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, plainCode(string(text)))
	}
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("docs: %d pages, %v", len(pages), err)
	}
	block := regexp.MustCompile("(?ms)^```go\n(.*?)^```")
	for _, path := range pages {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(page), -1) {
			code := plainCode(m[1])
			if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(s, code) }) {
				t.Errorf("%s: no Go file has this piece:\n%s", path, m[1])
			}
		}
	}
}

// plainCode is Go code without indentation, blank lines, alignment and comments.
func plainCode(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "// ")
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
