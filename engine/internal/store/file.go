package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// canonical returns the absolute path of name with symbolic links resolved, so that every process
// gives the file the same locks. The file need not exist, its folder must.
func canonical(name string) (string, error) {
	if name == "" {
		return "", errors.New("no path given")
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", &Error{Op: "open", Path: path, Kind: ErrUnreadable, Err: err}
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", &Error{Op: "open", Path: path, Kind: ErrNoFile, Err: err}
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// fit reports why path cannot be a database; fs.ErrNotExist if there is nothing. It looks without
// opening the file: only SQLite may do that.
func fit(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil:
		return &Error{Op: "open", Path: path, Kind: ErrUnreadable, Err: err}
	case info.IsDir():
		return &Error{Path: path, Kind: ErrIsFolder}
	case !info.Mode().IsRegular():
		return &Error{Path: path, Kind: ErrNotDatabase, Err: errors.New("not a regular file")}
	}
	return nil
}

// create makes an empty file that only its owner may read, and makes its name durable. That another
// process was faster is no error. Nobody can have the new file open yet, so closing it drops no locks.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return &Error{Op: "create", Path: path, Kind: ErrUnreadable, Err: err}
	}
	if err := f.Close(); err != nil {
		return wrap("create", path, err)
	}
	return wrap("create", path, syncFolder(filepath.Dir(path)))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func refuseNetwork(path string, allow bool) error {
	if allow {
		return nil
	}
	name, err := networkFS(filepath.Dir(path))
	if err != nil {
		return wrap("open", path, err)
	}
	if name != "" {
		return &Error{Path: path, Kind: ErrNetwork, Err: errors.New(name + " does not keep the promises of a local disk")}
	}
	return nil
}
