package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// chainRow is a row of the history with what its hash depends on.
type chainRow struct {
	HistoryRow
	PrevSeq  int64  `db:"prev_seq"`
	PrevRun  int64  `db:"prev_run"`
	PrevHash []byte `db:"prev_hash"`
}

// Verify recomputes the hash chain of a run's history, of all runs if run is 0, and calls found for
// each finding: rows that were changed, removed, added or swapped. It returns ErrNotFound if the run
// is unknown. It may run while others write, and what damage keeps it from reading is a finding. A chain that verifies proves that nothing was changed
// only if its head is the one that was noted elsewhere: whoever can write the file can hash too.
func (s *Store) Verify(ctx context.Context, run int64, found func(Finding)) error {
	span, err := s.historySpan(ctx, run)
	if errors.Is(err, ErrNotFound) {
		return err
	}
	if err := s.unread(ctx, Finding{Kind: "chain", Run: run}, "verify", err, found); err != nil {
		return err
	}
	if span.First != 0 {
		if err := s.verifyHashes(ctx, run, span, found); err != nil {
			return err
		}
	}
	return s.verifyEnds(ctx, run, found)
}

// verifyHashes compares each row's hash with what its content and the row before it say. Rows are never
// changed, so a page is right whatever is appended or pruned meanwhile.
func (s *Store) verifyHashes(ctx context.Context, run int64, span idSpan, found func(Finding)) error {
	for after := span.First - 1; after < span.Head; {
		end := min(span.Head, after+scanRows)
		rows, err := list[chainRow](ctx, s, "history", queries.HistoryChain,
			sql.Named("run", run), sql.Named("after", after), sql.Named("last", end), sql.Named("limit", pageRows))
		if err := s.unread(ctx, Finding{Kind: "chain", Run: run}, "verify", err, found); err != nil {
			return err
		}
		for i := range rows {
			if text := rows[i].fault(); text != "" {
				found(Finding{Kind: "chain", Run: rows[i].Run, Row: rows[i].ID, Text: text})
			}
		}
		after = end
		if len(rows) == pageRows { // there may be more of them in this part
			after = rows[pageRows-1].ID
		}
	}
	return nil
}

// fault says what is wrong with the row, "" if nothing is.
func (r *chainRow) fault() string {
	prev := r.PrevHash
	switch {
	case r.Prev == 0 && r.Seq == 1:
		prev = make([]byte, len(r.Hash))
	case r.PrevRun != r.Run || r.PrevSeq != r.Seq-1:
		return fmt.Sprintf("history row %d: the row before it is missing or another", r.Seq)
	}
	if !bytes.Equal(r.Hash, chainHash(prev, r.RunUUID, &r.History, r.WorkerUUID)) {
		return fmt.Sprintf("history row %d was changed: its hash is another", r.Seq)
	}
	return ""
}

// verifyEnds compares the chains with what their runs say: that no row is missing, above all none at
// the end, where no other row would tell.
func (s *Store) verifyEnds(ctx context.Context, run int64, found func(Finding)) error {
	ends := []string{queries.CheckHistoryCount, queries.CheckHistoryHead}
	if run == 0 {
		ends = append(ends, queries.CheckHistory)
	} else {
		ends = []string{queries.VerifyRun}
	}
	for _, query := range ends {
		findings, err := list[Finding](ctx, s, "history", query, sql.Named("limit", maxFindings), sql.Named("run", run))
		for _, f := range findings {
			f.Kind = "chain"
			found(f)
		}
		if err := s.unread(ctx, Finding{Kind: "chain", Run: run}, "verify", err, found); err != nil {
			return err
		}
	}
	return nil
}
