//go:build windows

package config

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// remoteDrive asks Windows whose drive it is. It asks no server.
func remoteDrive(drive string) (share string, ok bool) {
	root, err := windows.UTF16PtrFromString(drive + `\`)
	if err != nil || windows.GetDriveType(root) != windows.DRIVE_REMOTE {
		return "", false
	}
	name, err := windows.UTF16PtrFromString(drive)
	if err != nil {
		return "", true
	}
	var buf [1024]uint16
	size := uint32(len(buf))
	get := windows.NewLazySystemDLL("mpr.dll").NewProc("WNetGetConnectionW")
	if code, _, _ := get.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&size))); code != 0 {
		return "", true
	}
	return windows.UTF16ToString(buf[:]), true
}
