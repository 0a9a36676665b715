package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
)

// Receiver is somebody to deliver to, for trials and tests. It knows a message again by its key, as every
// receiver of an outbox must. It is safe for concurrent use, and forgets all with its process.
type Receiver struct {
	Log io.Writer // what it says of each request; nil says nothing

	before func(request int) int // called first, with the number of the request from 1; a status other than 0 refuses it
	after  func(request int)     // called when the message has taken effect, before the answer

	mu       sync.Mutex // guards what follows
	requests int
	seen     map[string]int // how often each key came and was not refused
	effects  int            // messages that were new
}

// ServeHTTP takes a message.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	key := req.Header.Get("Idempotency-Key")
	body, err := io.ReadAll(req.Body)
	if err != nil || key == "" {
		http.Error(w, "a message with an Idempotency-Key, please", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.requests++
	request := r.requests
	r.mu.Unlock()
	if r.before != nil {
		if status := r.before(request); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	r.take(key, body)
	if r.after != nil {
		r.after(request)
	}
}

func (r *Receiver) take(key string, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[key]++
	word := "again"
	if r.seen[key] == 1 {
		r.effects++
		word = "new"
	}
	if r.Log != nil {
		fmt.Fprintln(r.Log, word, key, string(body))
	}
}

// books returns how often each key came, and how many messages took effect.
func (r *Receiver) books() (seen map[string]int, effects int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.seen), r.effects
}
