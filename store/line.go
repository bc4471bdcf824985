package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The steps that the journal knows.
const (
	opLedger     = "ledger"      // the first line: whose journal this is
	opGate       = "gate opened" // from here on Bloxs may store the file
	opNotStored  = "not stored"  // the gate was opened, and it certainly wasn't stored
	opUncertain  = "uncertain"   // nobody can say
	opReceipt    = "receipt"     // Bloxs answered with a file ID
	opResolution = "resolution"  // a person decided an uncertain one
	opBaseline   = "baseline"    // files that were in a root at its first start, or that these were all
	opSend       = "send"        // a person orders a skipped file to be sent
	opAgain      = "send again"  // a person orders a second upload of what is sent
	opPaused     = "paused"      // by hand
	opResumed    = "resumed"
	opDoubt      = "doubt"     // the ledger may lack something: it was restored or repaired
	opMarked     = "marked"    // a root has its marker
	opForgotten  = "forgotten" // an item was sent, and nothing else is remembered of it
	opAdoption   = "adoption"  // a person's word that a root is this ledger's all the same
)

// line is one step in the journal. A gate opened and an uncertain line carry
// everything by which the item can be rebuilt.
type line struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`
	Op     string    `json:"op"`
	Ledger string    `json:"ledger,omitempty"`
	Salt   string    `json:"salt,omitempty"`
	Base   uint64    `json:"base,omitempty"` // of positions from here on, see Position
	Item   ItemID    `json:"item,omitempty"`

	Person *PersonKey `json:"person,omitempty"`
	SHA256 string     `json:"sha256,omitempty"`
	Size   int64      `json:"size,omitempty"`
	Root   string     `json:"root,omitempty"`
	Path   string     `json:"path,omitempty"`

	FileID int64  `json:"file_id,omitempty"`
	Sent   bool   `json:"sent,omitempty"`  // a resolution: it is in Bloxs
	Again  bool   `json:"again,omitempty"` // an uncertain one that is sent again by itself
	Cause  string `json:"cause,omitempty"` // why not stored, uncertain

	Known    uint64 `json:"known,omitempty"`    // a doubt: up to which position nothing is missing
	Position uint64 `json:"position,omitempty"` // that this line had in a former journal

	Home    *Home  `json:"home,omitempty"`    // an adoption: whom the root's files are for from here on
	Former  []Home `json:"former,omitempty"`  // and to whom some of them were sent before
	Settled bool   `json:"settled,omitempty"` // and no other root is in doubt any more

	Run      uint32     `json:"run,omitempty"` // of a baseline
	Files    []lineFile `json:"files,omitempty"`
	Complete bool       `json:"complete,omitempty"`
	Count    int        `json:"count,omitempty"` // files of the complete run

	// Bytes keeps person, root and path where a name is not UTF-8, which JSON can't hold.
	Bytes []byte `json:"bytes,omitempty"`
}

// lineFile is one file of a baseline.
type lineFile struct {
	Path  string `json:"p,omitempty"`
	Bytes []byte `json:"b,omitempty"` // the path, where it is not UTF-8
	Size  int64  `json:"s,omitempty"`
	Mod   int64  `json:"m,omitempty"`
	Inode uint64 `json:"i,omitempty"`
}

// about fills in what identifies the item.
func (l line) about(it Item) line {
	p := it.Person
	l.Item, l.Person, l.SHA256, l.Size, l.Root, l.Path = it.ID, &p, it.SHA256.String(), it.Size, it.Root, it.Rel
	return l
}

// A line is a JSON object whose first member is the CRC32C of what follows it.
const (
	crcHead = `{"crc":"`
	crcTail = `",`
	crcLen  = len(crcHead) + 8 + len(crcTail)
)

func encodeLine(l line) ([]byte, error) {
	l.Cause = l.Cause[:min(len(l.Cause), maxCause)]
	id := ""
	if l.Person != nil {
		id = l.Person.ID
	}
	if !(utf8.ValidString(id) && utf8.ValidString(l.Root) && utf8.ValidString(l.Path)) {
		l.Bytes = []byte(id + "\x00" + l.Root + "\x00" + l.Path)
	}
	l.Files = slices.Clone(l.Files)
	for i, f := range l.Files {
		if !utf8.ValidString(f.Path) {
			l.Files[i].Path, l.Files[i].Bytes = "", []byte(f.Path)
		}
	}
	body, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode a journal line: %w", err)
	}
	rest := body[1:]
	return fmt.Appendf(make([]byte, 0, crcLen+len(rest)+1), "%s%08x%s%s\n", crcHead, castagnoli(rest), crcTail, rest), nil
}

var errLine = errors.New("a line of the journal is damaged")

// checkLine verifies a line without its newline and returns its sequence number.
func checkLine(b []byte) (uint64, error) {
	if len(b) < crcLen || string(b[:len(crcHead)]) != crcHead || string(b[crcLen-len(crcTail):crcLen]) != crcTail {
		return 0, errLine
	}
	rest := b[crcLen:]
	if string(b[len(crcHead):len(crcHead)+8]) != fmt.Sprintf("%08x", castagnoli(rest)) {
		return 0, errLine
	}
	const seqHead = `"seq":`
	digits, ok := bytes.CutPrefix(rest, []byte(seqHead))
	if !ok {
		return 0, errLine
	}
	if i := bytes.IndexByte(digits, ','); i > 0 {
		if seq, err := strconv.ParseUint(string(digits[:i]), 10, 64); err == nil {
			return seq, nil
		}
	}
	return 0, errLine
}

// opOf reads a sound line's step, without the work of reading all of it.
func opOf(b []byte) string {
	_, rest, _ := bytes.Cut(b, []byte(`,"op":"`))
	op, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(op)
}

func decodeLine(b []byte) (line, error) {
	if _, err := checkLine(b); err != nil {
		return line{}, err
	}
	var l line
	if err := json.Unmarshal(append([]byte{'{'}, b[crcLen:]...), &l); err != nil {
		return line{}, fmt.Errorf("%w: %w", errLine, err)
	}
	if parts := strings.SplitN(string(l.Bytes), "\x00", 3); len(parts) == 3 {
		l.Root, l.Path, l.Bytes = parts[1], parts[2], nil
		if l.Person != nil {
			l.Person.ID = parts[0]
		}
	}
	for i, f := range l.Files {
		if f.Bytes != nil {
			l.Files[i].Path, l.Files[i].Bytes = string(f.Bytes), nil
		}
	}
	return l, nil
}

// position is a place in the journal: the end of the line with number Seq,
// which begins at Start. By Sum, that line's checksum, it is told from one with
// the same number and length in a copy of the journal that went another way; 0:
// it isn't known.
type position struct {
	Seq   uint64 `cbor:"1,keyasint"`
	Start int64  `cbor:"2,keyasint"`
	End   int64  `cbor:"3,keyasint"`
	Sum   uint32 `cbor:"4,keyasint,omitempty"`
}

// behind is the position of a sound line that follows.
func (p position) behind(seq uint64, b []byte) position {
	return position{Seq: seq, Start: p.End, End: p.End + int64(len(b)), Sum: sumOf(b)}
}

// sumOf reads the checksum of a sound line.
func sumOf(b []byte) uint32 {
	sum, _ := strconv.ParseUint(string(b[len(crcHead):len(crcHead)+8]), 16, 32) // checked already
	return uint32(sum)
}

// maxLine bounds one line: a path of 32 K and its person fit, with a cause.
const (
	maxLine  = 1 << 20
	maxCause = 4 << 10
)

// readLines calls fn for each line behind from, until the end or the first
// line that is damaged or out of sequence; it returns the position of the last
// sound one. torn tells that bytes follow it, damaged that among them there is
// another sound line, also one whose newline is lost, so that they are no torn end.
func readLines(r io.Reader, from position, fn func(raw []byte, pos position) error) (last position, torn, damaged bool, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	last = from
	for {
		raw, n, err := readLine(br)
		whole := bytes.HasSuffix(raw, []byte{'\n'})
		seq, bad := uint64(0), errLine
		if whole {
			seq, bad = checkLine(raw[:len(raw)-1])
		}
		switch {
		case bad == nil && torn, bad == nil && seq != last.Seq+1:
			return last, true, true, nil
		case bad == nil:
			last = last.behind(seq, raw)
			if err := fn(raw[:len(raw)-1], last); err != nil {
				return last, false, false, err
			}
		case len(linesWithin(raw)) > 0:
			return last, true, true, nil
		case n > 0:
			torn = true
		}
		if errors.Is(err, io.EOF) {
			return last, torn, false, nil
		}
		if err != nil {
			return last, torn, false, fmt.Errorf("read the journal: %w", err)
		}
	}
}

// eachSoundLine calls fn for every line that is whole, also behind damage.
func eachSoundLine(r io.Reader, fn func(ln line) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		raw, _, err := readLine(br)
		for _, whole := range wholeLines(raw) {
			if ln, bad := decodeLine(whole); bad == nil {
				if err := fn(ln); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
	}
}

// wholeLines is a line that was read, without its newline, or the sound ones in
// what has lost a newline.
func wholeLines(raw []byte) [][]byte {
	if whole, ok := bytes.CutSuffix(raw, []byte{'\n'}); ok {
		if _, bad := checkLine(whole); bad == nil {
			return [][]byte{whole}
		}
	}
	return linesWithin(raw)
}

// linesWithin are the sound lines in a piece that is none itself, since the byte
// between two of them is another than it was.
func linesWithin(raw []byte) (found [][]byte) {
	for from := 0; from < len(raw); {
		to := len(raw)
		if next := bytes.Index(raw[from+1:], []byte(crcHead)); next >= 0 {
			to = from + 1 + next
		}
		if _, bad := checkLine(raw[from : to-1]); bad == nil && to-from < len(raw) {
			found = append(found, raw[from:to-1])
		}
		from = to
	}
	return found
}

// soundBytes is how much of a journal are whole lines.
func soundBytes(f io.ReadSeeker) (n int64, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	br := bufio.NewReaderSize(f, 64<<10)
	for {
		raw, size, err := readLine(br)
		if whole, ok := bytes.CutSuffix(raw, []byte{'\n'}); ok {
			if _, bad := checkLine(whole); bad == nil {
				n += size
			}
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("read the journal: %w", err)
		}
	}
}

// readLine reads up to and with the next newline and says how many bytes that
// were; of a line longer than maxLine, which none of ours is, the rest is left out.
func readLine(br *bufio.Reader) (raw []byte, n int64, err error) {
	for {
		part, err := br.ReadSlice('\n')
		n += int64(len(part))
		if len(raw)+len(part) <= maxLine {
			raw = append(raw, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return raw, n, err
		}
	}
}
