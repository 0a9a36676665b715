package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	queries "github.com/durable-wf/wf/sql"
)

const (
	collectAge   = time.Hour      // a file that no row names is left alone so long: its row may be on the way
	collectEvery = collectAge / 6 // so that what was replaced stays 70 minutes at most, not two hours
	collectPage  = 1000           // files that one transaction looks at
	collectMark  = "collected"
)

// Collect removes the files of large payloads that no row names and that are older than an hour: what
// a newer checkpoint has replaced, what was pruned, and what a process left that died between a file and
// its row. It returns how many. Files that were found damaged stay under a second name.
func (s *Store) Collect(ctx context.Context) (removed int, err error) {
	paths, err := s.files.old(time.Now().Add(-collectAge))
	if err != nil {
		return 0, wrap("collect", s.files.dir, err)
	}
	for len(paths) > 0 {
		page := paths[:min(collectPage, len(paths))]
		paths = paths[len(page):]
		var gone []string
		err := s.Update(ctx, func(tx *Tx) (err error) {
			gone, err = tx.condemn(ctx, page)
			return err
		})
		for _, path := range gone { // outside of the transaction: it takes long for a large file
			if e := os.Remove(path); !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
		removed += len(gone)
		if err != nil {
			return removed, wrap("collect", s.files.dir, err)
		}
	}
	return removed, nil
}

// condemn takes their names from those of the files that no row names, and returns what they are called
// then. While the transaction lasts nobody else can commit a row that names one. A row counts as long as
// a rollback could bring it back: so what is committed is asked, and what this transaction sees.
func (tx *Tx) condemn(ctx context.Context, paths []string) (gone []string, err error) {
	rows, err := tx.query(queries.FilesNamed)
	if err != nil {
		return nil, err
	}
	named, err := columns(rows)
	if err != nil {
		return nil, err
	}
	committed, err := list[string](ctx, tx.b.w.store, "files of payloads", queries.FilesNamed)
	if err != nil {
		return nil, err
	}
	unnamed := map[string]bool{} // of paths
	for _, path := range paths {
		unnamed[filepath.Base(path)] = true
	}
	for _, text := range append(named, committed...) {
		for name := range fileNames(text) {
			delete(unnamed, name)
		}
	}
	for _, path := range paths {
		if !unnamed[filepath.Base(path)] || !isOld(path, time.Now().Add(-collectAge)) { // used again meanwhile
			continue
		}
		out := strings.TrimSuffix(path, goneSuffix) + goneSuffix
		if err := os.Rename(path, out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return gone, err
		}
		gone = append(gone, out)
	}
	return gone, nil
}

// columns reads and closes rows of one text each.
func columns(rows *sql.Rows) (texts []string, err error) {
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

// filesIn returns the names of the files that columns list, each once.
func filesIn(texts []string) []string {
	var names []string
	for _, text := range texts {
		names = slices.AppendSeq(names, fileNames(text))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// old returns the paths of the files that were made and last used before a time: payloads, and what
// died half-way. What else lies there is not ours.
func (f payloadFiles) old(before time.Time) (paths []string, err error) {
	folders, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		entries, e := os.ReadDir(filepath.Join(f.dir, folder.Name()))
		err = errors.Join(err, e)
		for _, entry := range entries {
			name := entry.Name()
			path := filepath.Join(f.dir, folder.Name(), name)
			ours := isFileName(name) || strings.HasSuffix(name, partSuffix) || strings.HasSuffix(name, goneSuffix)
			if ours && isOld(path, before) {
				paths = append(paths, path)
			}
		}
	}
	return paths, err
}

func isOld(path string, before time.Time) bool {
	info, err := os.Lstat(path)
	return err == nil && info.ModTime().Before(before)
}

// keepCollecting collects every ten minutes or so until ctx ends: counted over all processes that have the
// file open one after the other, since many live for seconds.
func (s *Store) keepCollecting(ctx context.Context) {
	for pause := time.Duration(0); ; pause = time.Minute { // so that a mark that cannot be made does no harm
		timer := time.NewTimer(max(pause, s.files.untilCollection()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := s.collectMarked(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
			s.log.Warn("collecting files of payloads", slog.Any("error", err))
		}
	}
}

// collectMarked collects, and leaves a mark for untilCollection.
func (s *Store) collectMarked(ctx context.Context) error {
	if _, err := os.Stat(s.files.dir); err != nil {
		return nil // there has been no large payload
	}
	mark, now := filepath.Join(s.files.dir, collectMark), time.Now()
	if err := errors.Join(os.WriteFile(mark, nil, 0o600), os.Chtimes(mark, now, now)); err != nil {
		return err
	}
	_, err := s.Collect(ctx)
	return err
}

// untilCollection is the time until the next collection is due.
func (f payloadFiles) untilCollection() time.Duration {
	if _, err := os.Stat(f.dir); err != nil {
		return collectEvery
	}
	mark, err := os.Stat(filepath.Join(f.dir, collectMark))
	if err != nil {
		return 0
	}
	return min(max(time.Until(mark.ModTime().Add(collectEvery)), 0), collectEvery)
}
