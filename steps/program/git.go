package program

import (
	"context"
	"time"

	"github.com/durable-wf/wf/internal/gitstate"
)

// gitGrace is how long the end of a program waits for what git has to say: a program that is over at once has a
// commit, too.
const gitGrace = 500 * time.Millisecond

// trace notes, as git, which commit the program's folder has checked out. It holds nobody up: git is asked beside
// the program. The function that it returns ends that, and waits for the answer no longer than gitGrace.
func (a *attempt) trace() (end func()) {
	ctx, cancel := context.WithCancel(a.ctx)
	done := make(chan struct{})
	go func() { // ends with ctx
		defer close(done)
		if state, err := gitstate.Of(ctx, a.s.Dir); err == nil {
			a.ctx.Annotate("git", state)
		}
	}()
	return func() {
		select {
		case <-done:
		case <-time.After(gitGrace):
		}
		cancel()
		<-done
	}
}
