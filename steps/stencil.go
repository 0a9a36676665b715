package steps

import (
	"math"
	"runtime"
	"sync"
)

// conduct is which part of a difference of temperatures flows in an iteration: dt/dx². From 0.25 on the explicit
// scheme is unstable.
const conduct = 0.2

// bands are ranges of rows, which are computed in parallel.
type bands struct {
	nx, ny int
	border []float64 // a row of zeros
	from   []int     // the first row of each band; the last one ends with the rows
	change []float64 // greatest change in each band
}

// bandCells is from how many points on a goroutine of its own pays: some 20 µs.
const bandCells = 1 << 14

func newBands(nx, ny int) *bands {
	return splitBands(nx, ny, max(1, min(runtime.GOMAXPROCS(0), nx*ny/bandCells, ny)))
}

func splitBands(nx, ny, n int) *bands {
	b := &bands{nx: nx, ny: ny, border: make([]float64, nx), change: make([]float64, n)}
	for i := range n {
		b.from = append(b.from, ny*i/n)
	}
	return b
}

// iterate makes the temperatures of an iteration of those before, and returns the greatest change.
func (b *bands) iterate(next, u []float64) float64 {
	if len(b.from) == 1 {
		return b.rows(next, u, 0, b.ny)
	}
	var parts sync.WaitGroup
	for i, from := range b.from {
		to := b.ny
		if i+1 < len(b.from) {
			to = b.from[i+1]
		}
		parts.Go(func() { b.change[i] = b.rows(next, u, from, to) })
	}
	parts.Wait()
	most := 0.0
	for _, c := range b.change { // the greatest of all, in whatever order
		most = max(most, c)
	}
	return most
}

// rows computes the rows from and up to to.
func (b *bands) rows(next, u []float64, from, to int) float64 {
	row := func(y int) []float64 {
		if y < 0 || y == b.ny {
			return b.border
		}
		return u[y*b.nx : (y+1)*b.nx]
	}
	most := 0.0
	for y := from; y < to; y++ {
		most = max(most, relax(next[y*b.nx:(y+1)*b.nx], row(y-1), row(y), row(y+1)))
	}
	return most
}

// relax computes a row of the next iteration from those above, at and below it, and returns its greatest change.
func relax(next, above, here, below []float64) (most float64) {
	n := len(here)
	above, below, next = above[:n], below[:n], next[:n]
	left, u := 0.0, here[0]
	for x := range n {
		right := 0.0
		if x+1 < n {
			right = here[x+1]
		}
		change := flow(u, (left+right)+(above[x]+below[x]))
		next[x] = u + change
		left, u = u, right
		if c := math.Abs(change); c > most {
			most = c
		}
	}
	return most
}

// flow is by what the temperature u changes among neighbours with that sum. The conversion forbids a fused
// multiplication, which rounds differently: so all kinds of CPU agree.
func flow(u, neighbours float64) float64 { return float64(conduct * (neighbours - 4*u)) }
