package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// foldersOf is where the folders of a database's runs are: one a run, named by its id, which is never used
// twice. What is in them is the steps' own.
func foldersOf(database string) string { return database + "-runs" }

// Folder returns where the folder of a run is. It may not be there.
func (s *Store) Folder(run int64) string {
	return filepath.Join(foldersOf(s.path), strconv.FormatInt(run, 10))
}

// removeFolders removes the folders of runs that are not in the database any more. A run is there before its
// folder is, or both come in one transaction; so what has no run is left over. What else lies there is not ours.
func (s *Store) removeFolders(ctx context.Context) error {
	dir := foldersOf(s.path)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrap("remove folders of runs", dir, err)
	}
	var gone []string
	var lone []int64
	for _, entry := range entries {
		name, condemned := strings.CutSuffix(entry.Name(), goneSuffix)
		id, err := strconv.ParseInt(name, 10, 64)
		if err != nil || !entry.IsDir() {
			continue
		}
		if condemned { // by somebody who died then
			gone = append(gone, s.Folder(id)+goneSuffix)
			continue
		}
		there, err := list[int64](ctx, s, "runs", queries.RunExists, sql.Named("id", id))
		if err != nil {
			return err
		}
		if len(there) == 0 {
			lone = append(lone, id)
		}
	}
	err = s.condemnFolders(ctx, lone)
	for _, id := range lone {
		gone = append(gone, s.Folder(id)+goneSuffix)
	}
	for _, path := range gone { // outside of the transaction: it may take long
		err = errors.Join(err, os.RemoveAll(path))
	}
	return wrap("remove folders of runs", dir, err)
}

// condemnFolders takes their names from those folders that have no run. While the transaction lasts nobody else can
// commit a run, with a folder that came from elsewhere.
func (s *Store) condemnFolders(ctx context.Context, lone []int64) error {
	if len(lone) == 0 {
		return nil
	}
	return s.Update(ctx, func(tx *Tx) error {
		for _, id := range lone {
			rows, err := tx.query(queries.RunExists, sql.Named("id", id))
			if err != nil {
				return err
			}
			if there, err := scanIDs(rows); err != nil {
				return err
			} else if len(there) > 0 {
				continue
			}
			if err := unlessGone(os.Rename(s.Folder(id), s.Folder(id)+goneSuffix)); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyFolder copies a folder with what is in it, for its owner alone, and makes the copy durable. Nothing happens
// if it is not there. What vanishes meanwhile is left out, as are links, pipes and sockets; what was there
// before in the place of the copy is gone.
func copyFolder(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	var folders []string
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return unlessGone(err)
		}
		within, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch dst := filepath.Join(to, within); {
		case entry.IsDir():
			folders = append(folders, dst)
			return os.MkdirAll(dst, 0o700)
		case entry.Type().IsRegular():
			return unlessGone(copyFileTo(path, dst))
		}
		return nil
	})
	if err != nil || len(folders) == 0 {
		return err
	}
	for _, dir := range append(folders, filepath.Dir(to), filepath.Dir(filepath.Dir(to))) {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncTree makes a folder durable with what is in it. Nothing happens if it is not there.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return unlessGone(err)
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}

// unlessGone passes an error on, unless it says that something is not there any more.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func copyFileTo(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it has only read
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}
