package layout

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unmatched says why a file's folders show no person.
type Unmatched struct {
	Reason  string // for the colleague who dropped the file
	Shallow bool   // no folder has a wrong name: the file only lies too high up
}

func (u *Unmatched) Error() string { return u.Reason }

func unmatched(format string, args ...any) *Unmatched {
	return &Unmatched{Reason: fmt.Sprintf(format, args...)}
}

// unlike says that the folder's name has not the form asked for.
func (f folder) unlike(name string) *Unmatched {
	return unmatched("the folder %q does not look like %q; a name that does is %q", name, f.text, f.example)
}

// tooShallow says how much deeper a file must lie.
func (p *Pattern) tooShallow(folders []string) *Unmatched {
	next := p.folders[len(folders)]
	where := "loose in the root"
	if len(folders) > 0 {
		where = fmt.Sprintf("loose in %q", strings.Join(folders, "/"))
	}
	if next.expr == nil {
		return &Unmatched{Shallow: true, Reason: fmt.Sprintf("the file lies %s; the layout %q wants it in a folder further down", where, p.text)}
	}
	return &Unmatched{Shallow: true, Reason: fmt.Sprintf("the file lies %s; move it into a folder there that looks like %q, such as %q",
		where, next.text, next.example)}
}

// checkIdentifier refuses what can't be an identifier but would look like one:
// an invisible character makes it another person's, or nobody's.
func checkIdentifier(kind, value, name string) error {
	seen := false
	for i, r := range value {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(value[i:]); size == 1 {
				return unmatched("the folder %q has a name that is not valid UTF-8, so its %s can't be read; rename it", name, kind)
			}
		}
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) || unicode.IsControl(r) {
			return unmatched("the %s in the folder %q holds a character that can't be seen (%U); type the folder's name anew", kind, name, r)
		}
		seen = seen || unicode.IsLetter(r) || unicode.IsNumber(r)
	}
	if !seen {
		return unmatched("the folder %q shows %q as %s, which has neither a letter nor a digit; rename it", name, value, kind)
	}
	return nil
}
