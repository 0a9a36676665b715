package cli_test

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // driver of database/sql
)

// cmdDamage changes a database behind the engine's back: damage FILE SQL.
func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE SQL")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close() //nolint:errcheck // Exec tells
	done, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		ts.Fatalf("%s: changed %d rows (%v), want 1", args[1], n, err)
	}
}

// cmdSnapshot writes the names of all files that belong to the database, and the hashes of those that
// hold data: snapshot NEWFILE. Side files of SQLite that hold nothing do not count.
func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot NEWFILE")
	}
	var b strings.Builder
	err := filepath.WalkDir(ts.MkAbs("."), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.Contains(path, "wf.db") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") && info.Size() == 0 {
			return nil
		}
		sum := [sha256.Size]byte{}
		if name := entry.Name(); name == "wf.db" || name == "wf.db-wal" {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(data)
		}
		_, err = fmt.Fprintf(&b, "%s %x\n", path, sum[:4])
		return err
	})
	ts.Check(errors.Join(err, os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600)))
}

// cmdLarge writes an input of the workflow echo that stays larger than 1 MiB when it is compressed:
// large NEWFILE.
func cmdLarge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: large NEWFILE")
	}
	data := make([]byte, 2<<20)
	_, err := rand.Read(data)
	ts.Check(errors.Join(err, os.WriteFile(ts.MkAbs(args[0]), fmt.Appendf(nil, `{"say":"%x"}`, data), 0o600)))
}
