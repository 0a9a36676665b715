package engine

import "iter"

// Integer is any integer type.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Range iterates from *cursor to n-1 and saves when a save is due. The cursor, a field of the state,
// is the number of finished items: it is raised after each item, so that a resumed loop redoes at
// most what the last checkpoint did not cover. It tells the progress with each save, unless the step
// calls Progress itself. The loop ends early when Save refuses; the step then returns, and what it
// returns does not count.
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
			if ctx.flag.Load() != 0 && !rangeSave(ctx, int64(i)+1, int64(n)) {
				return
			}
		}
		rangeTell(ctx, int64(*cursor), int64(n))
	}
}

// rangeSave saves if a save is due and reports whether the loop may go on. It is kept out of line
// so that the loop is inlined.
//
//go:noinline
func rangeSave(ctx *Context, done, total int64) bool {
	if !ctx.due() {
		return true
	}
	rangeTell(ctx, done, total)
	return ctx.Save() == nil
}

// rangeTell tells the progress of a loop, unless the step tells its own, or the numbers are too great.
func rangeTell(ctx *Context, done, total int64) {
	if a := ctx.attempt; a != nil && !a.tells.Load() && done >= 0 && total >= 0 {
		a.tell(done, total)
	}
}

// Blocks is Range for loops whose items take nanoseconds: it iterates over half-open intervals of at
// most size items, so that what is asked and saved between them costs the items nothing. Under a
// count policy an interval ends exactly where a save is due. A block should take milliseconds at most,
// since a save waits for its end.
//
//	for from, to := range engine.Blocks(ctx, &s.I, s.N, 1<<16) {
//		for i := from; i < to; i++ {
//			total += i
//		}
//		s.Total = total
//	}
func Blocks[I Integer](ctx *Context, cursor *I, n, size I) iter.Seq2[I, I] {
	return func(yield func(from, to I) bool) {
		for *cursor < n {
			from := *cursor
			items := max(size, 1)
			if rest := n - from; rest > 0 { // else it does not fit into I: more than size
				items = min(items, rest)
			}
			if left := ctx.every - ctx.counted; left < int64(items) || int64(items) < 0 {
				items = min(items, I(max(left, 1)))
			}
			if !yield(from, from+items) {
				return
			}
			*cursor = from + items
			ctx.counted += int64(items) - 1 // due counts the last one
			if !rangeSave(ctx, int64(*cursor), int64(n)) {
				return
			}
		}
		rangeTell(ctx, int64(*cursor), int64(n))
	}
}
