package store

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// Backup says what a backup holds. It stands first in it.
type Backup struct {
	Format      int           `json:"format"`
	MadeBy      string        `json:"made_by"` // bloxdrop's version
	MadeAt      time.Time     `json:"made_at"`
	Host        string        `json:"host"`
	Dir         string        `json:"dir"` // store.dir there
	Ledger      string        `json:"ledger"`
	Schema      int           `json:"schema"`
	Position    uint64        `json:"position"`
	Items       map[State]int `json:"items"`
	LedgerSize  int64         `json:"ledger_size"`
	JournalSize int64         `json:"journal_size"`
}

// A backup is a tar file, gzipped, with these in this order. The checksums come
// last, so that a backup which was cut short is none.
const (
	backupFormat = 1
	backupHead   = "backup.json"
	backupSums   = "sha256sums"
)

// ErrNoBackup says that a file is no whole, sound backup.
var ErrNoBackup = errors.New("this is no whole backup")

// Backup writes ledger and journal as they are at one moment to w, while
// everything goes on. A slow w keeps the ledger from growing: give it a file.
func (s *Store) Backup(w io.Writer, b Backup) (Backup, error) {
	tx, journal, err := s.freeze(&b)
	if err != nil {
		return b, err
	}
	defer func() { _ = tx.Rollback() }() // only reads
	head, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return b, err
	}
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return b, err
	}
	p := &packer{tar: tar.NewWriter(zip), at: b.MadeAt}
	p.put(backupHead, int64(len(head)), bytes.NewReader(head).WriteTo)
	p.put(journalName, b.JournalSize, func(w io.Writer) (int64, error) { return io.Copy(w, journal) })
	p.put(ledgerName, b.LedgerSize, func(w io.Writer) (n int64, err error) {
		err = s.guarded(func(ledger) error { n, err = tx.WriteTo(w); return err })
		return n, err
	})
	sums := p.sums.Bytes()
	p.put(backupSums, int64(len(sums)), bytes.NewReader(sums).WriteTo)
	err = p.err
	if err == nil {
		err = errors.Join(p.tar.Close(), zip.Close())
	}
	if err != nil {
		return b, fmt.Errorf("write the backup: %w", err)
	}
	return b, nil
}

// freeze makes all so far durable and returns the ledger and the journal as
// they are then, whatever follows.
func (s *Store) freeze(b *Backup) (*bolt.Tx, io.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return nil, nil, err
	}
	if err := s.commit(); err != nil {
		return nil, nil, err
	}
	tx, err := s.db.Load().Begin(false)
	if err != nil {
		return nil, nil, err
	}
	end := s.m.Applied.End
	b.Format, b.Schema, b.Ledger, b.Items = backupFormat, s.m.Schema, s.m.Ledger, map[State]int{}
	b.MadeAt, b.Dir = s.opts.Now().UTC(), s.opts.Dir
	b.Position = s.m.position()
	b.LedgerSize, b.JournalSize = tx.Size(), end
	for state, n := range s.m.Items {
		b.Items[state] = n
	}
	return tx, io.NewSectionReader(s.journal.f, 0, end), nil
}

// packer puts files into a tar and notes their checksums, until one fails.
type packer struct {
	tar  *tar.Writer
	at   time.Time
	sums bytes.Buffer
	err  error
}

func (p *packer) put(name string, size int64, write func(io.Writer) (int64, error)) {
	if p.err != nil {
		return
	}
	p.err = p.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: p.at, Typeflag: tar.TypeReg})
	if p.err != nil {
		return
	}
	sum := sha256.New()
	_, p.err = write(io.MultiWriter(p.tar, sum))
	fmt.Fprintf(&p.sums, "%x  %s\n", sum.Sum(nil), name)
}

const maxHead = 1 << 20

// unpackBackup writes ledger and journal of a backup into dir, and returns an
// error unless it was whole and every checksum is right. With "" for dir it
// only reads.
func unpackBackup(r io.Reader, dir string) (b Backup, err error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrNoBackup, err)
	}
	u := &unpacker{tar: tar.NewReader(zip)}
	var head, sums bytes.Buffer
	u.get(backupHead, maxHead, &head)
	if u.err == nil {
		u.err = json.Unmarshal(head.Bytes(), &b)
	}
	if u.err == nil && (b.Format > backupFormat || b.Schema > schemaVersion) {
		return b, fmt.Errorf("%w (the backup was made by version %q)", ErrNewer, b.MadeBy)
	}
	u.getFile(journalName, b.JournalSize, dir)
	u.getFile(ledgerName, b.LedgerSize, dir)
	want := bytes.Clone(u.sums.Bytes())
	u.get(backupSums, maxHead, &sums)
	if u.err == nil && (b.Format < 1 || !bytes.Equal(sums.Bytes(), want)) {
		u.err = errors.New("a checksum is wrong")
	}
	if u.err == nil {
		if _, err := u.tar.Next(); !errors.Is(err, io.EOF) {
			u.err = fmt.Errorf("something follows its end: %w", err)
		} else if _, err := io.Copy(io.Discard, zip); err != nil { // where gzip checks its own sum
			u.err = err
		}
	}
	if u.err != nil {
		var disk *os.PathError
		if errors.As(u.err, &disk) {
			return b, u.err // ours, not the backup's
		}
		return b, fmt.Errorf("%w: %w", ErrNoBackup, u.err)
	}
	return b, nil
}

type unpacker struct {
	tar  *tar.Reader
	sums bytes.Buffer
	err  error
}

// get takes the next file, which must have that name and at most that size.
func (u *unpacker) get(name string, most int64, w io.Writer) {
	if u.err != nil {
		return
	}
	h, err := u.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		u.err = fmt.Errorf("it ends before %s", name)
	case err != nil:
		u.err = err
	case h.Name != name || h.Typeflag != tar.TypeReg || h.Size > most:
		u.err = fmt.Errorf("%.100q stands where %s should", h.Name, name)
	}
	if u.err != nil {
		return
	}
	sum := sha256.New()
	_, u.err = io.Copy(io.MultiWriter(w, sum), u.tar)
	u.sums.WriteString(hex.EncodeToString(sum.Sum(nil)) + "  " + name + "\n")
}

func (u *unpacker) getFile(name string, size int64, dir string) {
	if dir == "" || u.err != nil {
		u.get(name, size, io.Discard)
		return
	}
	err := birth(filepath.Join(dir, name), func(f *os.File) error {
		u.get(name, size, f)
		return u.err
	})
	if u.err == nil {
		u.err = err
	}
}

// verifyBackup reads a backup whole and tells what it holds.
func verifyBackup(path string) (Backup, error) {
	f, err := os.Open(path)
	if err != nil {
		return Backup{}, err
	}
	defer f.Close()
	b, err := unpackBackup(f, "")
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return b, err
}

// PlaceBackup reads a backup back and gives it its name, which is on the disk when
// it returns.
func PlaceBackup(temp, path string) (Backup, error) {
	b, err := verifyBackup(temp)
	if err != nil {
		return b, err
	}
	failpoint.At("backup rename")
	if err := wholefile.Rename(temp, path); err != nil {
		return b, err
	}
	failpoint.At("backup renamed")
	err = syncDir(filepath.Dir(path))
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return b, nil // a share that knows no such thing
	}
	return b, err
}
