package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// The files of a store.
const (
	ledgerName  = "ledger.db"
	journalName = "journal.jsonl"
	cleanName   = "clean-stop.json"
	lockName    = "lock"

	damagedAs = ".damaged-" // what can't be trusted, set aside

	// Leftover ends the name of a file that is being written. A start takes away
	// those in store.dir that a kill has left.
	Leftover = ".new"
)

func openLedger(path string) (db *bolt.DB, err error) {
	err = guard(func() error {
		db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// guard makes an error of a panic or a fault, with which bbolt answers damage.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errRecord, p)
		}
	}()
	return fn()
}

func guardedView(db *bolt.DB, fn func(tx *bolt.Tx) error) error {
	return guard(func() error { return db.View(fn) })
}

func guardedUpdate(db *bolt.DB, fn func(tx *bolt.Tx) error) error {
	return guard(func() error { return db.Update(fn) })
}

// CheckLedger reads every page of the ledger at path and adds it all up. On a
// damaged file bbolt may panic, or fault in a goroutine of its own, which
// nothing can catch: run it in a process of its own, and take any way in which
// that ends but a clean exit as damage.
func CheckLedger(path string) error {
	fi, err := os.Stat(path)
	if err != nil || fi.Size() == 0 {
		return errors.Join(err, fmt.Errorf("%w: %s is empty", ErrDamaged, path))
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 2 * time.Second, ReadOnly: true}) // reads no page but the first two
	if errors.Is(err, berrors.ErrTimeout) || errors.Is(unopened(err), errUnchecked) {
		return fmt.Errorf("open %s: %w", path, err) // says nothing about the ledger
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer db.Close()
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer f.Close()
	err = guardedView(db, func(tx *bolt.Tx) error {
		if err := checkAll(f, fi.Size(), tx); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil
	})
	if errors.Is(err, errRecord) && !errors.Is(err, ErrDamaged) { // bbolt fell over what it read
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// checkAll goes through the pages first: bbolt may follow damaged ones for ever.
func checkAll(f io.ReaderAt, size int64, tx *bolt.Tx) error {
	if err := checkTree(f, size, tx.DB().Info().PageSize); err != nil {
		return err
	}
	for err := range tx.Check() {
		return err
	}
	m, err := metaOf(tx)
	if err != nil {
		return err
	}
	if m.Schema > schemaVersion {
		return nil // its records are not ours to judge, and Open refuses it
	}
	want := buckets()
	if m.Schema < schemaVersion {
		want = bucketsOf1()
	}
	for _, name := range want {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("it has no %q", name)
		}
	}
	return verify(tx, m)
}

// cleanStop is what a clean stop writes down, so that the next start need not
// read everything.
type cleanStop struct {
	LedgerSize  int64 `json:"ledger_size"`
	LedgerTime  int64 `json:"ledger_time"`
	JournalSize int64 `json:"journal_size"`
	JournalTime int64 `json:"journal_time"`
	// Position is the ledger's. Nothing is written before the note is gone, so a
	// ledger of this very position lacks nothing, although its file has been
	// touched: bbolt's open does that on Windows.
	Position uint64 `json:"position,omitempty"`
}

// lookAtStop leaves zeros for what is not there.
func lookAtStop(dir string) (c cleanStop) {
	if fi, err := os.Stat(filepath.Join(dir, ledgerName)); err == nil {
		c.LedgerSize, c.LedgerTime = fi.Size(), fi.ModTime().UnixNano()
	}
	if fi, err := os.Stat(filepath.Join(dir, journalName)); err == nil {
		c.JournalSize, c.JournalTime = fi.Size(), fi.ModTime().UnixNano()
	}
	return c
}

func writeCleanStop(dir string, position uint64) error {
	c := lookAtStop(dir)
	c.Position = position
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, cleanName), b)
}

// stoppedCleanly tells whether the ledger, and both files, are as the last stop
// left them.
func stoppedCleanly(dir string) (ledger, both bool) {
	noted, ok := readCleanStop(dir)
	if !ok {
		return false, false
	}
	found := lookAtStop(dir)
	found.Position = noted.Position
	return found.LedgerSize == noted.LedgerSize && found.LedgerTime == noted.LedgerTime, found == noted
}

// readCleanStop reads the note; one that can't be read is none.
func readCleanStop(dir string) (noted cleanStop, ok bool) {
	b, err := os.ReadFile(filepath.Join(dir, cleanName))
	return noted, err == nil && json.Unmarshal(b, &noted) == nil
}

// journalCut tells whether the journal is shorter than the last stop left it.
// Otherwise that would pass for a torn line.
func journalCut(dir string) bool {
	noted, ok := readCleanStop(dir)
	return ok && lookAtStop(dir).JournalSize < noted.JournalSize
}

// forgetStop takes the note away before the files change.
func forgetStop(dir string) error {
	err := wholefile.Remove(filepath.Join(dir, cleanName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDir(dir))
}

// writeFile makes a small file whole or not at all.
func writeFile(path string, b []byte) error {
	return errors.Join(wholefile.Write(path, b), syncDir(filepath.Dir(path)))
}

// birth does so for a file that is written piece by piece.
func birth(path string, fill func(*os.File) error) error {
	temp := path + Leftover
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", temp, err)
	}
	failpoint.At("birth rename")
	if err := wholefile.Rename(temp, path); err != nil {
		return err
	}
	failpoint.At("birth renamed")
	return syncDir(filepath.Dir(path))
}
