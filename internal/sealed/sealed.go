// Package sealed encrypts what must stay on this machine: on Windows by DPAPI
// with the machine's key. Elsewhere the rights of the file have to do.
//
// It promises that what was sealed is opened on the same machine, for the same
// purpose, by whoever may read it, and nowhere else. It must never tell anything
// of what it holds in an error.
package sealed

import (
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/text/encoding"
	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// head begins a text that Text has encrypted.
const head = "bloxdrop-dpapi-1:"

// Text gives a secret as it may stand in a file: encrypted, where the system can.
func Text(secret, purpose string) (string, error) {
	if !encrypts {
		return secret, nil
	}
	data, err := Seal([]byte(secret), purpose)
	if err != nil {
		return "", err
	}
	return head + base64.StdEncoding.EncodeToString(data), nil
}

// Plain gives the secret of a text, which need not be encrypted.
func Plain(text, purpose string) (string, error) {
	code, is := strings.CutPrefix(text, head)
	switch {
	case !is:
		return text, nil
	case !encrypts:
		return "", errors.New("it was encrypted on a Windows computer, and only that one can read it")
	}
	data, err := base64.StdEncoding.DecodeString(code)
	if err == nil {
		data, err = Open(data, purpose)
	}
	if err != nil {
		return "", errors.New("it was encrypted on another computer, for another secret, or is damaged")
	}
	return string(data), nil
}

// Written is the secret in what somebody has written to a file or a pipe:
// without the line's end, and by the mark at its beginning also in UTF-16, which
// PowerShell's > writes.
func Written(data []byte) string {
	text, _, err := transform.Bytes(utf.BOMOverride(encoding.Nop.NewDecoder()), data)
	if err != nil {
		text = data
	}
	return strings.TrimSpace(string(text))
}
