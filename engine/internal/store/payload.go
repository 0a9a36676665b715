package store

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// large reports whether a payload goes to a file.
func (p *Payload) large() bool { return len(p.Data) > maxInline && !p.inFile() }

// inFile reports whether the payload is in files, whose names are what p holds.
func (p *Payload) inFile() bool { return strings.HasSuffix(p.Codec, fileSuffix) }

// payloads calls each for those payloads of the change that will be stored, until it returns false.
func (c *Change) payloads(each func(*Payload) bool) {
	if !each(&c.Row.Result) || c.State && !c.dropsState() && !each(&c.Row.Checkpoint.State) ||
		c.Spoilt != nil && c.Spoilt.Row != nil && !each(&c.Spoilt.Row.Checkpoint.State) {
		return
	}
	for i := range c.Calls {
		if !each(&c.Calls[i].Value) {
			return
		}
	}
}

// dropsState reports whether the run completes, and leaves no state.
func (c *Change) dropsState() bool { return c.Row.Status == "completed" && c.Lease.keep != "all" }

// clone copies what offload changes.
func (s *Spoilt) clone() *Spoilt {
	if s == nil || s.Row == nil {
		return s
	}
	own, row := *s, *s.Row
	row.Checkpoint.Size = int64(len(row.Checkpoint.State.Data))
	own.Row = &row
	return &own
}

// payloads is an iterator over the payloads that will be stored.
func (r *request) payloads(each func(*Payload) bool) {
	switch {
	case r.create != nil:
		each(&r.create.Run.Checkpoint.State)
	case r.change != nil:
		r.change.payloads(each)
	}
}

// large reports whether files have to be written before the request can be committed.
func (r *request) large() bool {
	for p := range r.payloads {
		if p.large() {
			return true
		}
	}
	return false
}

// offload writes the large payloads of a request to files. Then the request is about a copy of what
// the caller has given, with the names of the files instead; the outcome is still told to the caller.
func (r *request) offload(files payloadFiles) {
	done := r.done
	switch {
	case r.create != nil:
		given, own := r.create, *r.create
		r.create = &own
		r.done = func(err error) {
			if r.run != nil && r.run.ID != 0 {
				r.run.Checkpoint.State = given.Run.Checkpoint.State
			}
			done(err)
		}
	case r.change != nil:
		given, own := r.change, *r.change
		own.Calls = slices.Clone(given.Calls)
		own.Spoilt = given.Spoilt.clone()
		if state := &own.Row.Checkpoint.State; own.State && state.large() {
			own.Row.Checkpoint.Size, own.Row.Checkpoint.Checksum = int64(len(state.Data)), codec.Payload(*state).Checksum()
		}
		r.change = &own
		r.done = func(err error) {
			given.take(&own)
			done(err)
		}
	}
	for p := range r.payloads {
		if !p.large() {
			continue
		}
		text, err := files.put(p.Data)
		if err != nil {
			r.unwritten = wrap("write", files.dir, err)
			return
		}
		r.files = slices.AppendSeq(r.files, fileNames(text))
		*p = Payload{Codec: p.Codec + fileSuffix, Data: []byte(text)}
	}
}

// take takes what the writer has put into another copy of the change, whose payloads may be in files.
func (c *Change) take(own *Change) {
	c.Want, c.Wakes, c.Woken = own.Want, own.Wakes, own.Woken
	checkpoint, result := c.Row.Checkpoint, c.Row.Result
	checkpoint.Checksum = own.Row.Checkpoint.Checksum
	c.Row, c.History = own.Row, own.History
	c.Row.Checkpoint, c.Row.Result = checkpoint, result
}

// fit reports why the request must not be committed: a file that its rows would name could not be
// written, or is gone again. That can be only if the file has waited for an hour, as on a computer that
// was suspended. The write transaction excludes that it is collected from here on.
func (r *request) fit(files payloadFiles) error {
	if r.unwritten != nil {
		return r.unwritten
	}
	for _, name := range r.files {
		if !files.exists(name) {
			return wrap("write", files.dir, missingFile(name))
		}
	}
	return nil
}

// load puts what is in a payload's file into p. If it cannot be had, p stays as it is.
func (f payloadFiles) load(p *Payload) error {
	if !p.inFile() {
		return nil
	}
	within := Payload{Codec: strings.TrimSuffix(p.Codec, fileSuffix)}
	if p.Data != nil { // it was not left out
		var err error
		if within.Data, err = f.read(string(p.Data)); err != nil {
			return err
		}
	}
	*p = within
	return nil
}

// load is payloadFiles.load, and says why the payload cannot be had. A damaged file is kept.
func (s *Store) load(p *Payload) (fault string) {
	err := s.files.load(p)
	if err == nil {
		return ""
	}
	if bad, ok := errors.AsType[*fileError](err); ok && s.writer != nil {
		s.files.keepBad(bad.name)
	}
	return err.Error()
}

// loadRun reads what of a run is in files, and reports whether all of it could be had.
func (s *Store) loadRun(r *Run) bool {
	r.ResultFault = s.load(&r.Result)
	r.Checkpoint.Fault = s.load(&r.Checkpoint.State)
	return cmp.Or(r.ResultFault, r.Checkpoint.Fault) == ""
}
