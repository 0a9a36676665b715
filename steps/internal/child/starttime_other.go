//go:build !linux

package child

func startTime(int) string { return "" }
