//go:build windows

package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"

	"bloxdrop/install"
)

// Whole rights for the system and administrators; the service's account may do
// all but give rights away; what is inside is as the folder. Nobody else.
const homeRights = "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;%s)"

// home is the folder of config and ledger, unless somebody says otherwise. Not
// every service gets the variable ProgramData, or the right one.
func home() (string, error) {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	return filepath.Join(data, Name), err
}

// ofAdministrators refuses a folder that somebody else has made before: its
// config may send key and files elsewhere.
func ofAdministrators(dir string) error {
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("whose folder %s is can't be told: %w", dir, err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	if is, err := administrates(owner); is || err != nil {
		return err
	}
	name := owner.String()
	if account, domain, _, err := owner.LookupAccount(""); err == nil {
		name = domain + `\` + account
	}
	return fmt.Errorf("%s is there already, and was made by %s, who is no administrator: look at what lies in it, config.toml above all, then delete it, or take it over by `takeown /A /F \"%s\"`", dir, name, dir)
}

// administrates tells of those whom a folder may be of: the system,
// administrators, and whoever says this, who is one.
func administrates(sid *windows.SID) (bool, error) {
	if sid.IsWellKnown(windows.WinLocalSystemSid) || sid.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return true, nil
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return false, err
	}
	return sid.Equals(user.User.Sid), nil
}

// protect makes the folder of config and ledger and says who may use it and all
// that is in it. Anybody may make folders in ProgramData, so one that is there
// already may be somebody's, with files whose rights are their own.
func protect(dir string, sid *windows.SID) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(fmt.Sprintf(homeRights, sid))
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	inherited, err := windows.SecurityDescriptorFromString("D:") // nothing but what comes from above
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == dir && !d.IsDir() || d.Type()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
			return fmt.Errorf("%s is a link, and bloxdrop's files must be no other's: remove it", path)
		}
		from, kind := inherited, windows.SECURITY_INFORMATION(windows.UNPROTECTED_DACL_SECURITY_INFORMATION)
		if path == dir {
			from, kind = sd, windows.PROTECTED_DACL_SECURITY_INFORMATION
		}
		dacl, _, err := from.DACL()
		if err != nil {
			return err
		}
		kind |= windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION
		if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, kind, owner, nil, dacl, nil); err != nil {
			return fmt.Errorf("the rights of %s can't be set: %w", path, err)
		}
		return nil
	})
}

// layConfig puts a first config where there is none, in the folder that is ours.
func layConfig(s Spec, home string) (laid bool, err error) {
	if _, err := os.Stat(s.Config); err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.EqualFold(filepath.Dir(s.Config), home) {
		if err != nil {
			return false, fmt.Errorf("the config can't be read: %w; write it first, or name another with --config", err)
		}
		return false, nil
	}
	if err := os.MkdirAll(filepath.Join(home, "log"), 0o700); err != nil {
		return false, err
	}
	text := strings.ReplaceAll(install.WindowsConfig, "HOME", home)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n") // Notepad's
	f, err := os.OpenFile(s.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	_, err = f.WriteString(text)
	return true, errors.Join(err, f.Close())
}

// reachable refuses what the service would not find, or anybody could replace.
func reachable(s Spec) error {
	for _, path := range []string{s.Executable, s.Config} {
		volume := filepath.VolumeName(path)
		if strings.HasPrefix(volume, `\\`) {
			return fmt.Errorf("%s is on a share, which may be away when the service starts: put it on a disk of this computer", path)
		}
		root, err := windows.UTF16PtrFromString(volume + `\`)
		if err == nil && windows.GetDriveType(root) == windows.DRIVE_REMOTE {
			return fmt.Errorf("%s is on a network drive of your own session, which a service does not have: put it on a disk of this computer", path)
		}
	}
	profiles, err := windows.KnownFolderPath(windows.FOLDERID_UserProfiles, 0)
	if err != nil {
		return err
	}
	if within(s.Executable, profiles) {
		return fmt.Errorf(`the service's account can't run a program in %s: copy bloxdrop.exe to C:\Program Files\bloxdrop, and run "C:\Program Files\bloxdrop\bloxdrop.exe" install`, filepath.Dir(s.Executable))
	}
	programs, err := windows.KnownFolderPath(windows.FOLDERID_ProgramFiles, 0)
	if err == nil && !within(s.Executable, programs) {
		s.Warn(fmt.Sprintf("%s is not in %s, where only administrators may write: see that nobody else may replace it", s.Executable, programs))
	}
	return nil
}

func within(path, dir string) bool {
	return len(path) > len(dir) && strings.EqualFold(path[:len(dir)], dir) && path[len(dir)] == '\\'
}
