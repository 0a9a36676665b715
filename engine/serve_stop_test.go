package engine_test

import (
	"context"
	"testing"
)

// A Serve that is told to stop before it has begun has stopped in an orderly way.
func TestServeThatIsStoppedAtOnce(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := eng.Serve(ctx); err != nil {
		t.Errorf("Serve: %v", err)
	}
}
