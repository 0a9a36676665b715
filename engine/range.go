package engine

import "iter"

// Integer is any integer type.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Range iterates from *cursor to n-1 and saves when a save is due. The cursor, a field of the state,
// is the number of finished items: it is raised after each item, so that a resumed loop redoes at
// most what the last checkpoint did not cover. The loop ends early when Save refuses; the step then
// returns, and what it returns does not count.
//
//	for i := range engine.Range(ctx, &s.I, s.N) {
//		s.Total += i
//	}
func Range[I Integer](ctx *Context, cursor *I, n I) iter.Seq[I] {
	return func(yield func(I) bool) {
		for i := *cursor; i < n; i++ {
			if !yield(i) {
				return
			}
			*cursor = i + 1
			if ctx.flag.Load() != 0 && !rangeSave(ctx) {
				return
			}
		}
	}
}

// rangeSave saves if a save is due and reports whether the loop may go on. It is kept out of line
// so that the loop is inlined.
//
//go:noinline
func rangeSave(ctx *Context) bool {
	return !ctx.due() || ctx.Save() == nil
}
