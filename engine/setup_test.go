package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestSetupFailsOpenWithItsError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	cause := errors.New("no such shop")
	_, err := engine.Open(t.Context(), engine.Config{Path: path, Setup: func(ctx context.Context, tx engine.Tx) error {
		return errors.Join(createBook(ctx, tx), cause)
	}})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "Setup") {
		t.Errorf("Open = %v, want the cause, the file and Setup", err)
	}
	eng := openEngine(t, engine.Config{Path: path})
	err = eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error { return enter(ctx, tx, "a") })
	if err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("writing to the book = %v, want that there is none", err)
	}
}

func TestSetupIsForThoseWhoCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	openEngine(t, engine.Config{Path: path})
	for _, access := range []engine.Access{engine.ReadWrite, engine.ReadOnly} {
		openEngine(t, engine.Config{Path: path, Access: access, Setup: func(context.Context, engine.Tx) error {
			t.Errorf("Setup was called with access %d", access)
			return nil
		}})
	}
}

// Setups of engines that open a new file at the same time run one after the other.
func TestSetupsTakeTurns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	var engines sync.WaitGroup
	for range 4 {
		engines.Go(func() {
			eng, err := engine.Open(context.Background(), engine.Config{Path: path, Setup: func(ctx context.Context, tx engine.Tx) error {
				if err := createBook(ctx, tx); err != nil {
					return err
				}
				var n int
				if err := tx.GetContext(ctx, &n, "SELECT count(*) FROM book"); err != nil || n > 0 {
					return err
				}
				return enter(ctx, tx, "the first") // a race would enter it twice, which the table refuses
			}})
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			if err := eng.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	engines.Wait()
	if got := book(t, openEngine(t, engine.Config{Path: path})); len(got) != 1 {
		t.Errorf("the book says %q, want one row", got)
	}
}

// The context of Open ends a Setup that does not.
func TestSetupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := engine.Open(ctx, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Setup: func(ctx context.Context, tx engine.Tx) error {
		var n int
		return tx.GetContext(ctx, &n, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
	}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open = %v, want that its context has ended", err)
	}
}
