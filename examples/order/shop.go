package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/durable-wf/wf/engine"
)

// Shop is the service that has the goods and the money. Its calls cannot be rolled back.
type Shop struct {
	URL string
}

// refusal is an answer that would be the same if the call were repeated.
type refusal struct{ text string }

func (e *refusal) Error() string { return e.text }

// mayPass reports whether a call may succeed when it is repeated.
func mayPass(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	return !refused
}

// call asks the shop to do something with a thing. The key of the recorded call goes with it: it is the
// same when the call is repeated after a crash, so that the shop does the thing once.
func (s Shop) call(ctx context.Context, verb, thing string, answer *string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/"+verb+"?thing="+url.QueryEscape(thing), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", engine.CallKey(ctx))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	switch {
	case resp.StatusCode >= 500:
		return fmt.Errorf("%s: the shop says %s", verb, resp.Status)
	case resp.StatusCode >= 400:
		return &refusal{fmt.Sprintf("%s: the shop says %s", verb, resp.Status)}
	case answer == nil:
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// Books is a shop to try the workflow with: it does what it is asked, once per key, and notes it.
type Books struct {
	before func(verb, thing string) int // called first; a status other than 0 refuses the call
	after  func(verb, thing string)     // called when it is done, before the answer

	mu      sync.Mutex
	answers map[string]string // by key
	done    []string          // in order: verb and thing
}

// ServeHTTP does what it is asked. A call with a key that it knows gets the answer of then.
func (b *Books) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verb, thing, key := r.URL.Path[1:], r.URL.Query().Get("thing"), r.Header.Get("Idempotency-Key")
	if b.before != nil {
		if code := b.before(verb, thing); code != 0 {
			http.Error(w, "not now", code)
			return
		}
	}
	answer := b.answer(verb, thing, key)
	if b.after != nil {
		b.after(verb, thing)
	}
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}

func (b *Books) answer(verb, thing, key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answers == nil {
		b.answers = map[string]string{}
	}
	answer, known := b.answers[key]
	if known || b.idle(verb, thing) {
		return answer
	}
	b.done = append(b.done, verb+" "+thing)
	answer = fmt.Sprintf("%s-%d", verb, len(b.done))
	b.answers[key] = answer
	fmt.Println(verb, thing)
	return answer
}

// idle reports whether the verb takes back what was never done. The caller holds mu.
func (b *Books) idle(verb, thing string) bool {
	switch verb {
	case "refund":
		return !slices.Contains(b.done, "charge "+thing)
	case "release":
		return !slices.Contains(b.done, "reserve "+thing)
	default:
		return false
	}
}
