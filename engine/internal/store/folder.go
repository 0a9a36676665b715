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
// folder is, so whatever has no run is left over. What else lies there is not ours.
func (s *Store) removeFolders(ctx context.Context) error {
	entries, err := os.ReadDir(foldersOf(s.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrap("remove folders of runs", foldersOf(s.path), err)
	}
	for _, entry := range entries {
		id, err := strconv.ParseInt(entry.Name(), 10, 64)
		if err != nil || !entry.IsDir() {
			continue
		}
		there, err := list[int64](ctx, s, "runs", queries.RunExists, sql.Named("id", id))
		if err != nil {
			return err
		}
		if len(there) > 0 {
			continue
		}
		if err := os.RemoveAll(s.Folder(id)); err != nil {
			return wrap("remove the folder of a run", s.Folder(id), err)
		}
	}
	return nil
}

// copyFolder copies a folder with what is in it, for its owner alone, and makes the copy durable. Nothing happens
// if it is not there. A file that vanishes meanwhile is left out, as are pipes and sockets; what was there
// before in the place of the copy is gone.
func copyFolder(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch dst := filepath.Join(to, within); {
		case entry.IsDir():
			return os.MkdirAll(dst, 0o700)
		case entry.Type().IsRegular():
			return unlessGone(copyFileTo(path, dst))
		}
		return nil
	})
	return unlessGone(err)
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
