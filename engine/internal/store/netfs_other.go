//go:build !linux && !darwin

package store

// networkFS returns "": there is no portable way to tell.
func networkFS(string) (string, error) { return "", nil }
