//go:build windows

package sealed

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

const encrypts = true

// The machine's key, not the account's: the service and an administrator's
// commands read the same file. Who may read it on this machine the file's
// rights say; the key makes it worthless in a backup or on another machine.
const protectFlags = windows.CRYPTPROTECT_LOCAL_MACHINE | windows.CRYPTPROTECT_UI_FORBIDDEN

// Seal encrypts for one purpose.
func Seal(plain []byte, purpose string) ([]byte, error) {
	return protect(plain, func(in, out *windows.DataBlob) error {
		return windows.CryptProtectData(in, nil, entropy(purpose), 0, nil, protectFlags, out)
	})
}

// Open decrypts what Seal has encrypted for the same purpose.
func Open(sealed []byte, purpose string) ([]byte, error) {
	return protect(sealed, func(in, out *windows.DataBlob) error {
		return windows.CryptUnprotectData(in, nil, entropy(purpose), 0, nil, protectFlags, out)
	})
}

// entropy keeps what is sealed for one purpose from being taken for another's,
// and other programs from opening it by chance.
func entropy(purpose string) *windows.DataBlob { return blob([]byte("bloxdrop " + purpose)) }

func blob(data []byte) *windows.DataBlob {
	return &windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
}

func protect(data []byte, call func(in, out *windows.DataBlob) error) ([]byte, error) {
	if len(data) == 0 {
		return nil, errors.New("it is empty")
	}
	var out windows.DataBlob
	if err := call(blob(data), &out); err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...), nil
}
