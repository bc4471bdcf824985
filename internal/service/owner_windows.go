//go:build windows

package service

import (
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc/mgr"
)

// Owner is whose a secret's file is.
type Owner struct{}

// OwnerOf is asked before the file is written anew.
func OwnerOf(string) Owner { return Owner{} }

// Guard lets the service's account read a file, administrators do all, and
// nobody else anything. Who writes it without an administrator's rights keeps them.
func (Owner) Guard(path string) error {
	account := VirtualAccount
	if h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT); err == nil {
		m := &mgr.Mgr{Handle: h}
		defer m.Disconnect()
		if there, err := look(m); err == nil && there != nil {
			account = there.account
		}
	}
	sid, err := sidOf(account)
	if err != nil {
		return err
	}
	rights := fmt.Sprintf("D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;%s)", sid)
	if token := windows.GetCurrentProcessToken(); !token.IsElevated() {
		user, err := token.GetTokenUser()
		if err != nil {
			return err
		}
		rights += fmt.Sprintf("(A;;FA;;;%s)", user.User.Sid)
	}
	sd, err := windows.SecurityDescriptorFromString(rights)
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	const kind = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, kind, nil, nil, dacl, nil); err != nil {
		return fmt.Errorf("the rights of %s can't be set: %w", path, err)
	}
	return nil
}
