package app

import (
	"context"
	"errors"
	"io"
	"os"

	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
)

// Backup writes a backup of the store to w. Where files go out meanwhile it is
// put on this disk first, since a slow w must keep nothing waiting.
func (a *App) Backup(ctx context.Context, w io.Writer) (err error) {
	if err := a.ready(); err != nil {
		return err
	}
	about := store.Backup{MadeBy: a.opts.Version, Host: hostName()}
	if a.began.IsZero() {
		_, err := a.store.Backup(until{ctx, w}, about)
		return err
	}
	spool, err := os.CreateTemp(a.opts.Config.Store.Dir, "backup-*"+store.Leftover) // born with 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	if _, err := a.store.Backup(until{ctx, spool}, about); err != nil {
		return err
	}
	failpoint.At("backup spooled")
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, spool)
	return err
}

// until takes nothing more once ctx has ended: as long as a backup is read, the
// ledger can't be closed.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u until) Write(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.w.Write(p)
}
