//go:build windows

package testfs

import "golang.org/x/sys/windows"

// Wine tells whether the test runs under Wine, which can't do all that Windows can.
func Wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
