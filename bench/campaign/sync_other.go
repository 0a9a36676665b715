//go:build !linux

package campaign

import "os"

func datasync(f *os.File) error { return f.Sync() }
