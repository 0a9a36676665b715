package store

import "database/sql"

// scanRun reads a row of wf_runs. The columns are those of run_get.sql, in that order: every
// statement that reads whole runs lists the same.
func scanRun(row rowScanner) (Run, error) {
	var r Run
	cp := &r.Checkpoint
	err := row.Scan(&r.ID, &r.UUID, &r.Workflow, &r.Version, &r.Fingerprint, &r.Key, &r.Status, &r.Step, &r.Visit, &r.Attempt,
		&r.Failures, &r.Deaths, &r.Seq, &r.Epoch, &r.Owner, &r.Want, &r.WantDetail, &r.DueUS, &r.Wait, &r.DeadlineUS,
		&r.Ending, &r.Queue, &r.Priority, &r.FairKey, &r.Rank, &r.Parent, &r.ParentVisit, &r.Place, &r.Root, &r.Children,
		&r.Schedule, &r.ScheduledUS, &r.CreatedUS,
		&r.StartedUS, &r.UpdatedUS, &r.EndedUS, &r.FirstHistory, &r.HeadHistory,
		&r.HeadHash, &r.Keep, &r.Policy, &r.Preserve, &r.Packed, &r.Seed, &r.Reason, &r.Error, &r.Done,
		&r.Total, &r.Saves, &r.StallUS, &r.ActiveUS, &r.TriedUS, &r.Learned, &r.Copies, &r.CopiedUS, &r.Result.Codec, &r.Result.Data,
		&cp.State.Codec, &cp.Checksum, &cp.Random, &cp.Counters, &cp.State.Data)
	return r, err
}

// scanRuns reads all rows of wf_runs and closes rows.
func scanRuns(rows *sql.Rows) (runs []Run, err error) {
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// scanIDs reads all rows of one number each and closes rows.
func scanIDs(rows *sql.Rows) (ids []int64, err error) {
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// textCodec is the codec whose payloads are SQL text, so that SQLite's JSON functions read them.
const textCodec = "json"

// column returns the value to be stored for a payload.
func (p Payload) column() any {
	switch {
	case p.Codec == "":
		return nil
	case p.Codec == textCodec, p.inFile():
		return string(p.Data)
	case p.Data == nil: // empty, not missing
		return []byte{}
	default:
		return p.Data
	}
}

// nullText is NULL for "".
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// nullInt is NULL for zero.
func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// nullUnknown is NULL for -1 and anything below.
func nullUnknown(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// nullBlob is NULL for an empty blob.
func nullBlob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
