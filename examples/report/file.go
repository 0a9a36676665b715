package main

import (
	"errors"
	"os"
	"path/filepath"
)

// replace writes a file that is there as a whole or not at all: under another name, which is then changed. It is on the
// disk when replace returns, since the record that it was written is durable, too.
func replace(path, text string) error {
	file, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
