package archive

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func renameNoReplace(from *os.File, name string, to *os.File, newName string) error {
	return pathError("rename", name, unix.Renameat2(int(from.Fd()), name, int(to.Fd()), newName, unix.RENAME_NOREPLACE))
}

// guard is a lease on the file: the kernel grants it only while nobody has the
// file open to write, and takes it back when somebody asks for that. Where it
// grants none for other reasons, as on a share, nobody can tell.
type guard struct{ leased bool }

func guardOf(f *os.File) (guard, error) {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		return guard{}, errInUse
	}
	return guard{leased: err == nil}, nil
}

// holds is errInUse when somebody has begun to open the file to write.
func (g guard) holds(f *os.File) error {
	if !g.leased {
		return nil
	}
	if now, err := unix.FcntlInt(f.Fd(), unix.F_GETLEASE, 0); err == nil && now != unix.F_RDLCK {
		return errInUse
	}
	return nil
}
