//go:build !windows

package config

func remoteDrive(string) (share string, ok bool) { return "", false }
