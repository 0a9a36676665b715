package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/durable-wf/wf/engine"
)

// passage takes what steps print to one of our own streams: at once, or, while progress bars occupy the same
// terminal, in whole lines above them. It is safe for concurrent use.
type passage struct {
	app *app
	to  io.Writer

	mu    sync.Mutex // guards what follows; taken before app.mu
	held  []byte     // the beginning of a line that has not ended
	last  []byte     // the line that was passed last, or as much of it as there is so far
	ended bool       // it has
	err   error      // the reader is gone
}

// longLine is how much of a line is held back, and compared.
const longLine = 16 << 10

// passing lets the steps that execute here print to our streams.
func (a *app) passing(cfg engine.Config) engine.Config {
	a.out, a.errs = &passage{app: a, to: a.stdout}, &passage{app: a, to: a.stderr}
	cfg.Stdout, cfg.Stderr = a.out, a.errs
	return cfg
}

// Write passes p on.
func (p *passage) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(b)
	p.held = append(p.held, b...)
	p.app.mu.Lock()
	defer p.app.mu.Unlock()
	if bars := p.app.bars; bars != nil && isTerminal(p.to) {
		end := bytes.LastIndexByte(p.held, '\n') + 1
		if end == 0 && len(p.held) < longLine {
			return len(b), p.err
		}
		p.put(bars, end)
	} else {
		p.put(p.to, len(p.held))
	}
	return len(b), p.err
}

// put writes the first n bytes of what is held. The caller holds both mutexes.
func (p *passage) put(to io.Writer, n int) {
	if p.err == nil && n > 0 {
		_, p.err = to.Write(p.held[:n])
	}
	p.held = append(p.held[:0], p.held[n:]...)
}

// flush writes what is held, when the bars are gone.
func (p *passage) flush() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(p.to, len(p.held))
}

// note keeps the last line that is not blank.
func (p *passage) note(b []byte) {
	for line := range bytes.Lines(b) {
		text := bytes.TrimRight(line, "\r\n")
		if p.ended && len(bytes.TrimSpace(text)) > 0 {
			p.last, p.ended = p.last[:0], false
		}
		p.last = append(p.last, text[:min(len(text), max(0, longLine-len(p.last)))]...)
		p.ended = p.ended || len(text) < len(line)
	}
}

// saidLast reports whether a result was the last line that was printed: then it need not be printed again.
func (p *passage) saidLast(result json.RawMessage) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	said := strings.TrimSpace(string(p.last))
	return said != "" && (said == rawText(result) || sameJSON([]byte(said), result))
}

// sameJSON reports whether both are JSON for the same value, as 0.50 and 0.5 are.
func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
