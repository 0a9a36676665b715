package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// randomStream is a generator of [Context.RandStream].
type randomStream struct {
	source *rand.PCG
	rng    *rand.Rand
}

func newRandomStream(source *rand.PCG) *randomStream {
	return &randomStream{source: source, rng: rand.New(source)}
}

// stream is Context.RandStream.
func (a *attempt) stream(i int) *rand.Rand {
	if a.calls.Load() > 0 {
		a.blame(errors.New("RandStream was used inside a recorded call: draw before it and close over the value"))
	}
	if i < 0 || i > math.MaxUint32 {
		a.blame(fmt.Errorf("RandStream(%d): streams are numbered from 0 to %d", i, uint32(math.MaxUint32)))
		i = 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.streams[uint32(i)]
	if s == nil {
		s = a.addStream(uint32(i), streamSource(a.seed, uint32(i)))
	}
	return s.rng
}

// addStream adds a stream. The caller holds mu.
func (a *attempt) addStream(i uint32, source *rand.PCG) *randomStream {
	if a.streams == nil {
		a.streams = map[uint32]*randomStream{}
	}
	s := newRandomStream(source)
	a.streams[i] = s
	return s
}

// restoreStreams sets streams to a saved state.
func (a *attempt) restoreStreams(saved map[uint32]*rand.PCG) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, source := range saved {
		if s := a.streams[i]; s != nil {
			*s.source = *source // the step may hold the *rand.Rand
		} else {
			a.addStream(i, source)
		}
	}
}

// streamSource seeds a stream. All PCGs run through the same cycle of 2^128 numbers, so a hash picks where
// each begins: numbers that are close to each other would begin close to each other.
func streamSource(seed int64, i uint32) *rand.PCG {
	var key [20]byte
	binary.BigEndian.PutUint64(key[:], stream)
	binary.BigEndian.PutUint64(key[8:], uint64(seed))
	binary.BigEndian.PutUint32(key[16:], i)
	sum := sha256.Sum256(key[:])
	return rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))
}

// The state of a run's generators is that of its own one as it marshals itself, zeros if it is not used, and
// then number and state of each stream, in their order.
const (
	pcgSize    = 20
	streamSize = 4 + pcgSize
)

func joinRandom(own *rand.PCG, streams map[uint32]*randomStream) []byte {
	if own == nil && len(streams) == 0 {
		return nil
	}
	state := make([]byte, 0, pcgSize+len(streams)*streamSize)
	if own == nil {
		state = append(state, make([]byte, pcgSize)...)
	} else {
		state, _ = own.AppendBinary(state) // a PCG always marshals
	}
	for _, i := range slices.Sorted(maps.Keys(streams)) {
		state = binary.BigEndian.AppendUint32(state, i)
		state, _ = streams[i].source.AppendBinary(state)
	}
	return state
}

// splitRandom is the inverse of joinRandom.
func splitRandom(state []byte) (own *rand.PCG, streams map[uint32]*rand.PCG, err error) {
	if len(state) < pcgSize || (len(state)-pcgSize)%streamSize != 0 {
		return nil, nil, errors.New("it is torn")
	}
	if first := state[:pcgSize]; !bytes.Equal(first, make([]byte, pcgSize)) {
		own = new(rand.PCG)
		if err := own.UnmarshalBinary(first); err != nil {
			return nil, nil, err
		}
	}
	streams = map[uint32]*rand.PCG{}
	for entry := range slices.Chunk(state[pcgSize:], streamSize) {
		source := new(rand.PCG)
		if err := source.UnmarshalBinary(entry[4:]); err != nil {
			return nil, nil, err
		}
		streams[binary.BigEndian.Uint32(entry)] = source
	}
	return own, streams, nil
}
