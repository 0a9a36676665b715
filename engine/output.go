package engine

import "io"

// Stdout is where the step may pass on what a program prints, or print itself: the standard output of a
// process that executes the run for a person who looks at it, and nowhere in a worker (see Config.Stdout).
// A child prints to Stderr instead: the standard output belongs to the run that was started, and to its result.
// It is safe for concurrent use if Config.Stdout is.
func (c *Context) Stdout() io.Writer {
	out, _ := c.output()
	return out
}

// Stderr is Stdout for errors, see Config.Stderr.
func (c *Context) Stderr() io.Writer {
	_, out := c.output()
	return out
}

func (c *Context) output() (stdout, stderr io.Writer) {
	if c.attempt != nil {
		if h, ok := c.attempt.host.(interface {
			Output() (stdout, stderr io.Writer)
		}); ok {
			return h.Output()
		}
	}
	return io.Discard, io.Discard
}

// Output returns the engine's writers, for Context.Stdout and Context.Stderr.
func (x *execution) Output() (stdout, stderr io.Writer) {
	if x.row.Parent != 0 {
		return x.eng.cfg.Stderr, x.eng.cfg.Stderr
	}
	return x.eng.cfg.Stdout, x.eng.cfg.Stderr
}
