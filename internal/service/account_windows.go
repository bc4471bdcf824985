//go:build windows

package service

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// accountOf finds out which account is meant, and refuses what would give the
// service more than it needs, or what can't run it.
func accountOf(name string) (string, error) {
	domain, user, has := strings.Cut(name, `\`)
	switch {
	case name == "" || strings.EqualFold(name, VirtualAccount):
		return VirtualAccount, nil
	case strings.EqualFold(domain, "NT SERVICE"):
		return "", fmt.Errorf(`%s is another service's account; bloxdrop's own is %s`, name, VirtualAccount)
	case strings.EqualFold(domain, "NT AUTHORITY"), strings.EqualFold(domain, "BUILTIN"), !has && builtIn(name):
		return "", fmt.Errorf(`%s is shared with other services, and may do more than bloxdrop needs; take %s, which reaches shares as this computer, a gMSA (DOMAIN\name$) or an account of your domain`, name, VirtualAccount)
	case !has && strings.Contains(name, "@"):
		return name, nil // user@domain
	case !has:
		return `.\` + name, nil
	case user == "" || domain == "":
		return "", fmt.Errorf(`%q is not the name of an account: write it as DOMAIN\name, or DOMAIN\name$ for a gMSA`, name)
	}
	return name, nil
}

func builtIn(name string) bool {
	switch strings.ToLower(strings.ReplaceAll(name, " ", "")) {
	case "localsystem", "system", "localservice", "networkservice":
		return true
	}
	return false
}

// needsPassword tells of an account that is neither made for the service nor has
// a password that Windows itself looks after (a gMSA, which ends in $).
func needsPassword(account string) bool {
	return !sameAccount(account, VirtualAccount) && !strings.HasSuffix(account, "$")
}

// sameAccount compares names as Windows does.
func sameAccount(a, b string) bool { return strings.EqualFold(a, b) }

// sidOf gives the account's number, by which rights are given.
func sidOf(account string) (*windows.SID, error) {
	if sameAccount(account, VirtualAccount) {
		return windows.StringToSid(virtualSID(Name))
	}
	name := account
	if local, ok := strings.CutPrefix(name, `.\`); ok {
		computer, err := windows.ComputerName()
		if err != nil {
			return nil, err
		}
		name = computer + `\` + local
	}
	sid, _, _, err := windows.LookupSID("", name)
	if err != nil {
		return nil, fmt.Errorf("Windows doesn't know the account %s: %w; look at its spelling, and whether this computer reaches the domain", account, err)
	}
	return sid, nil
}

// virtualSID is how Windows numbers a service's own account: so it can be given
// rights before there is the service.
func virtualSID(service string) string {
	var name []byte
	for _, unit := range utf16.Encode([]rune(strings.ToUpper(service))) {
		name = binary.LittleEndian.AppendUint16(name, unit)
	}
	sum, sid := sha1.Sum(name), "S-1-5-80"
	for i := range 5 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(sum[4*i:]))
	}
	return sid
}

// mayBeService gives the account the right to log on as a service, which
// Windows' own window for services does as well, and CreateService does not.
func mayBeService(sid *windows.SID) error {
	const lookUpAndCreate = 0x800 | 0x10 // POLICY_LOOKUP_NAMES, POLICY_CREATE_ACCOUNT
	advapi := windows.NewLazySystemDLL("advapi32.dll")
	call := func(name string, args ...uintptr) error {
		proc := advapi.NewProc(name)
		if err := proc.Find(); err != nil {
			return err
		}
		if status, _, _ := proc.Call(args...); status != 0 {
			return windows.NTStatus(status).Errno()
		}
		return nil
	}
	var policy windows.Handle
	var attributes windows.OBJECT_ATTRIBUTES
	if err := call("LsaOpenPolicy", 0, uintptr(unsafe.Pointer(&attributes)), lookUpAndCreate, uintptr(unsafe.Pointer(&policy))); err != nil {
		return err
	}
	right, err := windows.NewNTUnicodeString("SeServiceLogonRight")
	if err == nil {
		err = call("LsaAddAccountRights", uintptr(policy), uintptr(unsafe.Pointer(sid)), uintptr(unsafe.Pointer(right)), 1)
	}
	return errors.Join(err, call("LsaClose", uintptr(policy)))
}
