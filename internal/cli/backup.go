package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
)

func (e *env) backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write ledger and journal into one file, also while the service runs",
		Long: "Write ledger and journal, as they are at one moment, into one file, also while\nthe service runs. `bloxdrop restore FILE` brings them back. The file holds names\nof persons and files, and no content: keep it where only administrators read.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return e.backUp(cmd.Context(), args[0]) },
	}
}

func (e *env) backUp(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	c, err := e.loadToAsk()
	if err != nil {
		return err
	}
	if err := placeForBackup(c, path); err != nil {
		return usage(err)
	}
	var b store.Backup
	err = e.withDesk(ctx, func(ctx context.Context, d control.Desk) error {
		b, err = writeBackup(path, func(f *os.File) error { return d.Backup(ctx, f) })
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%s holds %s, as of %s\n`bloxdrop restore` brings it back; it holds names of persons and files: keep it where only administrators read\n",
		shown(path), holds(b), b.MadeAt.Local().Format(time.DateTime))
	return err
}

// placeForBackup refuses to write over anything, or where it would be sent.
func placeForBackup(c *config.Config, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already: name a file that is not", path)
	}
	for _, w := range c.Watch {
		if rel, err := filepath.Rel(w.Path, path); err == nil && filepath.IsLocal(rel) {
			return fmt.Errorf("%s lies in the watched root %s, where it would be taken for somebody's file: name a place outside", path, w.Path)
		}
	}
	return nil
}

// writeBackup gives the file its name when it is whole, on the disk, and has
// been read back, and leaves no half one.
func writeBackup(path string, fill func(f *os.File) error) (b store.Backup, err error) {
	temp := path + store.Leftover
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return b, fmt.Errorf("%s is there: another backup is being made, or was broken off; remove it if none is", temp)
	}
	if err != nil {
		return b, err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		b, err = store.PlaceBackup(temp, path)
	}
	if err != nil {
		if left := os.Remove(temp); !errors.Is(left, os.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}
	return b, err
}

// holds says what is in a backup.
func holds(b store.Backup) string {
	items := 0
	for _, n := range b.Items {
		items += n
	}
	return fmt.Sprintf("%s (%s), %s of ledger and journal", howMany(items, "item"), states(b.Items), humanize.Bytes(uint64(b.LedgerSize+b.JournalSize)))
}

func states(n map[store.State]int) string {
	var parts []string
	for _, s := range []store.State{store.Sent, store.Waiting, store.Sending, store.Held, store.Skipped, store.Withdrawn} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}
