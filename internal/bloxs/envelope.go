package bloxs

import (
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"
)

// Envelope returns the bytes before and after a file in a multipart body, and
// the request's content type. The body is head, the file, tail: its length is
// known before the first byte leaves.
func Envelope(name, contentType string) (head, tail []byte, requestType string) {
	boundary := "bloxdrop-" + rand.Text()
	disposition := `form-data; name="File"; filename="` + quotedName(name) + `"`
	if !plainName(name) {
		disposition += "; filename*=UTF-8''" + extendedName(name)
	}
	if contentType == "" || strings.ContainsFunc(contentType, unicode.IsControl) {
		contentType = "application/octet-stream"
	}
	head = fmt.Appendf(nil, "--%s\r\nContent-Disposition: %s\r\nContent-Type: %s\r\n\r\n", boundary, disposition, contentType)
	tail = fmt.Appendf(nil, "\r\n--%s--\r\n", boundary)
	return head, tail, "multipart/form-data; boundary=" + boundary
}

// plainName tells whether every server reads the name alike as it stands.
// Such a name can't be an RFC 2047 word either, which ASP.NET would decode.
func plainName(name string) bool {
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune(" ._-()", r) {
			return false
		}
	}
	return true
}

// quotedName is the name for servers that don't know filename*. Bloxs's
// platform doesn't undo escapes, so what would need one becomes "_".
func quotedName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
}

// extendedName is the name by RFC 5987, which carries every character.
func extendedName(name string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~"
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(name, "\ufffd")) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
