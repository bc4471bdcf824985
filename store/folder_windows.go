//go:build windows

package store

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// makeFolder makes the store's folder. Below ProgramData a new folder would be
// open to all who can sign in, and control.json lets whoever reads it give orders:
// a folder that we make is for the system, administrators and our own account.
// One that is there already keeps its rights.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, 0o700)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	const forAll = "(A;OICI;FA;;;"
	rights, err := windows.SecurityDescriptorFromString("D:P" + forAll + "SY)" + forAll + "BA)" + forAll + user.User.Sid.String() + ")")
	if err != nil {
		return err
	}
	list, _, err := rights.DACL()
	if err != nil {
		return err
	}
	const which = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, which, nil, nil, list, nil)
}
