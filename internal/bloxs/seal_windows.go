//go:build windows

package bloxs

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// The machine's key, not the account's: the service and an administrator's
// commands read the same file. Who may read it on this machine the folder's
// rights say; the key makes it worthless in a backup or on another machine.
const protectFlags = windows.CRYPTPROTECT_LOCAL_MACHINE | windows.CRYPTPROTECT_UI_FORBIDDEN

// seal and unseal use DPAPI.
func seal(plain []byte) ([]byte, error) {
	return protect(plain, func(in, out *windows.DataBlob) error {
		return windows.CryptProtectData(in, nil, nil, 0, nil, protectFlags, out)
	})
}

func unseal(sealed []byte) ([]byte, error) {
	return protect(sealed, func(in, out *windows.DataBlob) error {
		return windows.CryptUnprotectData(in, nil, nil, 0, nil, protectFlags, out)
	})
}

func protect(data []byte, call func(in, out *windows.DataBlob) error) ([]byte, error) {
	if len(data) == 0 {
		return nil, errors.New("it is empty")
	}
	in := windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
	var out windows.DataBlob
	if err := call(&in, &out); err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...), nil
}
