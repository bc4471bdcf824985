//go:build windows

package wholefile

import (
	"errors"

	"golang.org/x/sys/windows"
)

// inUse tells whether somebody has the file open: Windows says so in two ways,
// of which one also means that the rights don't suffice.
func inUse(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}
