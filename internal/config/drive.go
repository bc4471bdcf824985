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

// ordinary takes from a path the prefix that programs put before long ones. It
// hides whose drive it is and that two paths are one, and nothing here needs it.
func ordinary(path string) string {
	for _, prefix := range []string{`\\?\`, `\\.\`} {
		rest, ok := strings.CutPrefix(path, prefix)
		switch {
		case !ok:
		case len(rest) > 2 && rest[1] == ':' && rest[2] == '\\':
			return rest
		case len(rest) > 4 && strings.EqualFold(rest[:4], `UNC\`):
			return `\\` + rest[4:]
		}
	}
	return path
}
