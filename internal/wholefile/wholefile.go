// Package wholefile puts a small file in the place of another.
//
// It promises that whoever reads sees the old file or the new one, also after a
// crash, and that only the account which wrote it may read it, and those to whom
// WriteFor gives it (on Windows the folder's rights say who may). It must never
// leave a half-written file under the name, nor more than one temporary file.
package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"bloxdrop/internal/failpoint"
)

// Write puts data in the place of path. Two may not write one path at once.
func Write(path string, data []byte) error {
	return WriteFor(path, data, func(string) error { return nil })
}

// WriteFor is Write for other readers: share gives the file its rights before
// there is anything in it, and before it stands under its name.
func WriteFor(path string, data []byte, share func(temp string) error) error {
	temp := path + ".new"
	// A stale one may have other rights.
	if err := Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = share(temp); err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		failpoint.At("whole file rename")
		err = Rename(temp, path)
		failpoint.At("whole file renamed")
	}
	if err != nil {
		return errors.Join(err, Remove(temp))
	}
	return nil
}

// A reader is through with a small file within milliseconds, a virus scanner
// within a second or two.
const (
	firstWait = 5 * time.Millisecond
	patience  = 2 * time.Second
)

// Rename is os.Rename, but waits for a reader who is in the way, as on Windows.
// There it is durable when it returns; elsewhere when the folder is synced.
func Rename(from, to string) error { return patiently(func() error { return rename(from, to) }) }

// Remove is os.Remove, and as patient.
func Remove(path string) error { return patiently(func() error { return os.Remove(path) }) }

func patiently(do func() error) error {
	deadline := time.Now().Add(patience)
	for wait := firstWait; ; wait *= 2 {
		err := do()
		if err == nil || !inUse(err) {
			return err
		}
		if time.Now().Add(wait).After(deadline) {
			return fmt.Errorf("%w; another program keeps the file open, or its rights forbid it", err)
		}
		time.Sleep(wait)
	}
}
