package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// tableRows is how many rows of a query a table shows unless it is told otherwise.
const tableRows = 1000

type queryOptions struct {
	limit   int
	timeout time.Duration
}

func (a *app) queryCommand() *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:   "query SQL|@FILE|-",
		Short: "Read the database with a SELECT of your own",
		Long: `Read the database with one SELECT statement. It can write nothing.

The tables are wf_runs, wf_history, wf_checkpoints, wf_calls, wf_keys, wf_workers and wf_pruned, and
your own. Columns that end in _us are microseconds, since 1970 UTC where they are times. The function
wf_json(value, codec) makes JSON of a payload, however it is encoded.`,
		Example: `  wf query "SELECT status, count(*) FROM wf_runs GROUP BY status"
  wf query "SELECT id, wf_json(state, codec) ->> '$.total' AS total FROM wf_runs" -o csv
  wf query @report.sql --timeout 5m`,
		GroupID: groupLook,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sql, err := a.readSQL(args[0])
			if err != nil {
				return err
			}
			if o.limit < 0 || o.timeout < 0 {
				return usagef("--limit and --timeout must not be negative")
			}
			if a.format == asTable && !cmd.Flags().Changed("limit") {
				o.limit = tableRows
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.query(cmd.Context(), eng, sql, o)
			})
		},
	}
	cmd.Flags().IntVarP(&o.limit, "limit", "n", 0, "at most so many rows (default 1000 in a table, 100000 in other formats, which is the most)")
	cmd.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "give up after so long; 0 for never")
	a.addOutput(cmd)
	return cmd
}

// readSQL returns the statement that arg is, or that is in @FILE, or on stdin for "-".
func (a *app) readSQL(arg string) (string, error) {
	text := []byte(arg)
	var err error
	switch {
	case arg == "-":
		text, err = io.ReadAll(a.stdin)
	case strings.HasPrefix(arg, "@"):
		text, err = os.ReadFile(arg[1:])
	}
	if err != nil {
		return "", &usageError{err: err}
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", usagef("there is no statement in %q", arg)
	}
	return string(text), nil
}

func (a *app) query(ctx context.Context, eng *engine.Engine, sql string, o queryOptions) error {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	answer, err := eng.Query(ctx, sql, o.limit)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return hinted(fmt.Errorf("the query did not end within %v", o.timeout), "allow it more with --timeout")
	case errors.Is(err, engine.ErrBadQuery) || errors.Is(err, engine.ErrNotSelect):
		return &usageError{err: err}
	case err != nil:
		return err
	}
	if err := newRows(a, queryColumns(answer.Columns)).All(answer.Rows); err != nil {
		return err
	}
	switch n := len(answer.Rows); {
	case answer.More:
		a.note("these are the first %d rows; a higher --limit shows more", n)
	case n == 0 && a.format == asTable:
		a.note("no rows")
	}
	return nil
}

// queryColumns are the columns of an answer; their names differ.
func queryColumns(names []string) []column[[]any] {
	columns := make([]column[[]any], len(names))
	for i, name := range names {
		columns[i] = column[[]any]{Name: name, Head: name, Value: func(row []any) any { return queryValue(row[i]) }}
	}
	return columns
}

// queryValue shows a BLOB in hexadecimal.
func queryValue(v any) any {
	if b, ok := v.([]byte); ok {
		return hex.EncodeToString(b)
	}
	return v
}
