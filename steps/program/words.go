package program

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// prefix begins a line by which a program speaks to us.
const prefix = "::wf "

// word is NAME=VALUE of such a line.
type word struct{ name, value string }

// spoken is what may stand before the sign of equality. It is made at its first use: making it takes 0.1 ms, and few commands
// need it.
var spoken = sync.OnceValue(func() *regexp.Regexp { //nolint:gochecknoglobals // made once, safe for concurrent use
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}=`)
})

// wordsOf takes a line apart: NAME=VALUE, separated by blanks. A value that begins like a JSON object, list or
// text ends where that ends, others at the next blank. What is no such word is skipped.
func wordsOf(line string) []word {
	var found []word
	line = strings.TrimSpace(strings.TrimPrefix(line, prefix))
	for line != "" {
		name := spoken().FindString(line)
		rest := line[len(name):]
		value := jsonAt(rest)
		if value == "" || name == "" {
			value, _, _ = strings.Cut(rest, " ")
		}
		if name != "" {
			found = append(found, word{strings.TrimSuffix(name, "="), value})
		}
		line = strings.TrimLeft(rest[len(value):], " \t")
	}
	return found
}

// jsonAt returns the JSON object, list or text at the beginning of text, "" if there is none.
func jsonAt(text string) string {
	if text == "" || !strings.Contains(`{["`, text[:1]) {
		return ""
	}
	dec := json.NewDecoder(strings.NewReader(text))
	var value json.RawMessage
	if dec.Decode(&value) != nil {
		return ""
	}
	return text[:dec.InputOffset()]
}

// jsonValue is a text as JSON: itself if it is that, else as a string.
func jsonValue(text string) json.RawMessage {
	if raw := json.RawMessage(strings.TrimSpace(text)); json.Valid(raw) {
		return bytes.Clone(raw)
	}
	doc, err := json.Marshal(text)
	if err != nil { // texts always encode
		return nil
	}
	return doc
}

// tell passes on what a line says: done and of are the progress, result is the run's result, other numbers are
// points of series, other texts are attributes of the run.
func (a *attempt) tell(line string) {
	words := wordsOf(strings.ToValidUTF8(line, "�"))
	a.progress(words)
	for _, w := range words {
		switch w.name {
		case "done", "of":
			continue
		case "result":
			a.setResult(jsonValue(w.value))
			continue
		}
		var text string
		switch number, err := strconv.ParseFloat(w.value, 64); {
		case err == nil:
			a.ctx.Metric(w.name, number)
		case json.Unmarshal([]byte(w.value), &text) == nil:
			a.ctx.Set(w.name, text)
		default:
			a.ctx.Set(w.name, w.value)
		}
	}
}

// progress tells how far the program is. What it leaves out stays as it was.
func (a *attempt) progress(words []word) {
	told := false
	for _, w := range words {
		number, err := strconv.ParseFloat(w.value, 64)
		switch {
		case err != nil || number < 0 || number > 1<<62:
		case w.name == "done":
			a.done, told = int64(number), true
		case w.name == "of":
			a.of, told = int64(number), true
		}
	}
	if told {
		a.ctx.Progress(a.done, a.of)
	}
}
