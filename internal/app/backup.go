package app

import (
	"context"
	"errors"
	"io"
	"os"

	"bloxdrop/store"
)

// Backup writes a backup of the store to w. Where files go out meanwhile it is
// put on this disk first, since a slow w must keep nothing waiting.
func (a *App) Backup(_ context.Context, w io.Writer) (err error) {
	if err := a.ready(); err != nil {
		return err
	}
	about := store.Backup{MadeBy: a.opts.Version, Host: hostName()}
	if a.began.IsZero() {
		_, err := a.store.Backup(w, about)
		return err
	}
	spool, err := os.CreateTemp(a.opts.Config.Store.Dir, "backup-*"+store.Leftover) // born with 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	if _, err := a.store.Backup(spool, about); err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, spool)
	return err
}
