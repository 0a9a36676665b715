package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// hurdle lets nobody insert rows of a run into a table as long as its number stands in the table hurdle (0 stands for
// all runs), as if the disk were full for it alone. No engine may have the file open.
func hurdle(t *testing.T, path, table, column string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE hurdle (n INTEGER);
		CREATE TRIGGER jump BEFORE INSERT ON `+table+` WHEN EXISTS (SELECT 1 FROM hurdle WHERE n IN (0, NEW.`+column+`))
		BEGIN SELECT RAISE(ABORT, 'too high'); END`); err != nil {
		t.Fatal(err)
	}
}

func userSQL(t *testing.T, eng *engine.Engine, query string, args ...any) {
	t.Helper()
	if err := eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Of the runs whose changes share a transaction, those that cannot be written fail alone, with all that they are
// ahead of the disk; the others go on, and so do they once they can.
func TestRunsThatCannotBeWrittenFailAlone(t *testing.T) {
	t.Parallel()
	for _, pure := range []bool{true, false} {
		t.Run(fmt.Sprintf("pure=%t", pure), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			goOn := make(chan bool)
			w := climb(pure, func(_ *engine.Context, s *count) error {
				if s.I == 3 {
					<-goOn
				}
				return nil
			})
			withEngine(t, path, func(*engine.Engine) {}, w)
			hurdle(t, path, "wf_history", "run")
			eng := openEngine(t, engine.Config{Path: path, Workers: 30, Adopt: true}, w)
			serve(t, eng)
			var runs []engine.Run
			for range 30 {
				run, err := climbing.Start(t.Context(), eng, count{N: 60}, nil)
				if err != nil {
					t.Fatal(err)
				}
				runs = append(runs, run)
			}
			userSQL(t, eng, "INSERT INTO hurdle SELECT id FROM wf_runs WHERE id % 10 = 3")
			close(goOn)
			for i, run := range runs {
				if i%10 == 2 {
					continue
				}
				if n, err := climbing.Wait(t.Context(), eng, run.ID); err != nil || n != 1830 {
					t.Errorf("Wait(%d) = %d, %v", run.ID, n, err)
				}
			}
			if n := scalar(t, path, "SELECT count(*) FROM wf_runs WHERE id % 10 = 3 AND visit <= 4 AND ended_us IS NULL"); n != 3 {
				t.Errorf("%d of the runs that cannot be written are as they were, want 3", n)
			}
			userSQL(t, eng, "DELETE FROM hurdle")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for _, run := range runs {
				if n, err := climbing.Wait(ctx, eng, run.ID); err != nil || n != 1830 {
					t.Errorf("Wait(%d) = %d, %v", run.ID, n, err)
				}
				mustClimb(t, eng, run.ID, 60)
			}
		})
	}
}
