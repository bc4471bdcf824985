package config

import "strings"

// mapped tells whether a path begins with the letter of a network drive, and
// what the same path is called on the share itself. Such letters belong to one
// person's session; a service has none of them.
func mapped(path string, remote func(drive string) (share string, ok bool)) (instead string, ok bool) {
	if len(path) < 2 || path[1] != ':' {
		return "", false
	}
	share, ok := remote(path[:2])
	switch {
	case !ok:
		return "", false
	case share == "":
		share = `\\server\share` // of this form
	}
	return strings.TrimRight(share, `\`) + path[2:], true
}
