//go:build !linux

package child

func startTime(int) string { return "" }

func (Identity) sameBoot() bool { return true }
