package watcher

import (
	"encoding/binary"
	"errors"
	"strings"

	"bloxdrop/store"
)

// What Windows hands out about folders is read here, without anything of
// Windows, so that it can be tested everywhere. Much of it comes from a file
// server unchecked.

var errBadListing = errors.New("the file server gave a listing that cannot be read")

// listed is an entry of a folder's listing.
type listed struct {
	name []uint16
	file store.WindowsFile
}

// nextListed reads one entry of a listing, FILE_ID_BOTH_DIR_INFO or, without
// file IDs, FILE_FULL_DIR_INFO, which begin alike. It gives what follows, nil
// behind the last.
func nextListed(b []byte, withID bool) (e listed, rest []byte, err error) {
	const idAt, nameAt, nameWithIDAt = 96, 68, 104
	at := nameAt
	if withID {
		at = nameWithIDAt
	}
	if len(b) < at {
		return e, nil, errBadListing
	}
	le := binary.LittleEndian
	e.file = store.WindowsFile{
		Write: int64(le.Uint64(b[24:])), Change: int64(le.Uint64(b[32:])), Size: int64(le.Uint64(b[40:])),
		Attributes: le.Uint32(b[56:]), Tag: le.Uint32(b[64:]),
	}
	if withID {
		e.file.ID = le.Uint64(b[idAt:])
	}
	var ok bool
	if e.name, ok = utf16At(b[at:], le.Uint32(b[60:])); !ok {
		return e, nil, errBadListing
	}
	rest, ok = following(b, at)
	if !ok {
		return e, nil, errBadListing
	}
	return e, rest, nil
}

// following gives what the offset at the start of an entry leads to, which
// must lie behind the entry's own fixed part.
func following(b []byte, fixed int) (rest []byte, ok bool) {
	next := binary.LittleEndian.Uint32(b)
	if next == 0 {
		return nil, true
	}
	if int64(next) < int64(fixed) || int64(next) >= int64(len(b)) {
		return nil, false
	}
	return b[next:], true
}

func utf16At(b []byte, length uint32) (name []uint16, ok bool) {
	if length%2 != 0 || int64(length) > int64(len(b)) {
		return nil, false
	}
	name = make([]uint16, length/2)
	for i := range name {
		name[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return name, true
}

// The actions of a change that Windows tells of.
const (
	actionAdded = iota + 1
	actionRemoved
	actionModified
	actionRenamedFrom
	actionRenamedTo
)

// nextChange reads one FILE_NOTIFY_INFORMATION, and gives what follows it, nil
// behind the last.
func nextChange(b []byte) (action uint32, name []uint16, rest []byte, ok bool) {
	const nameAt = 12
	if len(b) < nameAt {
		return 0, nil, nil, false
	}
	action = binary.LittleEndian.Uint32(b[4:])
	if name, ok = utf16At(b[nameAt:], binary.LittleEndian.Uint32(b[8:])); !ok {
		return 0, nil, nil, false
	}
	rest, ok = following(b, nameAt)
	return action, name, rest, ok
}

// markChange notes in the dirty set what a change tells of: rel is relative to
// the root, with "/".
func markChange(dirty *dirtySet, action uint32, rel string) {
	if rel == "" {
		dirty.mark("", "")
		return
	}
	folder, child := parent(rel), rel[strings.LastIndexByte(rel, '/')+1:]
	switch action {
	case actionAdded, actionRenamedTo:
		dirty.mark(folder, child)
	case actionModified: // also of a folder in which something was added or removed
		dirty.touch(folder, child)
	default:
		dirty.mark(folder, "")
	}
}
