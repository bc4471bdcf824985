//go:build !windows

package testfs

// Wine tells whether the test runs under Wine.
func Wine() bool { return false }
