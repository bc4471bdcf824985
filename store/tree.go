package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// Of a damaged page bbolt may make a way that never ends, on which it takes all
// memory, its own check too. So this goes through the pages before bbolt does:
// from the root to each once, and none may be claimed twice.

const (
	pageBranch   = 0x01
	pageFree     = 0x10       // lists the free ones
	manyFree     = 0xffff     // their number stands before them
	noFreeList   = ^uint64(0) // it is made anew at each start; not with our options
	topSum       = 56         // bytes of a top that its sum is of
	boltVersion  = 2
	bucketHead   = 16 // root, sequence
	firstOfPages = 2  // behind both tops
)

// top is what each of the first two pages says of the others.
type top struct {
	Magic, Version, PageSize, _       uint32
	Root, _, FreeList, Pages, Tx, Sum uint64
}

// newestTop is the one that bbolt goes by.
func newestTop(f io.ReaderAt, size int64) (newest top, err error) {
	found := false
	for i := range int64(firstOfPages) {
		var t top
		b := make([]byte, binary.Size(t))
		if _, err := f.ReadAt(b, i*size+pageHead); err != nil {
			return newest, err
		}
		if _, err := binary.Decode(b, binary.NativeEndian, &t); err != nil {
			return newest, err
		}
		sum := fnv.New64a()
		sum.Write(b[:topSum])
		if t.Magic == boltMagic && t.Version == boltVersion && t.Sum == sum.Sum64() && (!found || t.Tx > newest.Tx) {
			newest, found = t, true
		}
	}
	if !found {
		return newest, errors.New("neither of its first pages is sound")
	}
	return newest, nil
}

// tree is a ledger's pages, and which of them have their place.
type tree struct {
	f    io.ReaderAt
	page uint64 // size of one
	seen []bool
	next []uint64
}

// checkTree refuses a ledger whose pages bbolt can't be asked about.
func checkTree(f io.ReaderAt, size int64, page int) error {
	top, err := newestTop(f, int64(page))
	if err != nil {
		return err
	}
	if uint64(size)/uint64(page) < top.Pages {
		return errors.New("it is cut short")
	}
	t := &tree{f: f, page: uint64(page), seen: make([]bool, top.Pages), next: []uint64{top.Root}}
	for len(t.next) > 0 {
		id := t.next[len(t.next)-1]
		t.next = t.next[:len(t.next)-1]
		b, err := t.read(id)
		if err == nil {
			err = t.follow(b)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	if top.FreeList == noFreeList {
		return nil
	}
	if err := t.checkFree(top.FreeList); err != nil {
		return fmt.Errorf("list of free pages at %d: %w", top.FreeList, err)
	}
	return nil
}

// take gives a page its place.
func (t *tree) take(id uint64) error {
	switch {
	case id < firstOfPages || id >= uint64(len(t.seen)):
		return fmt.Errorf("page %d is none of %d", id, len(t.seen))
	case t.seen[id]:
		return fmt.Errorf("page %d has a place already", id)
	}
	t.seen[id] = true
	return nil
}

// read takes a page with those behind it that belong to it.
func (t *tree) read(id uint64) ([]byte, error) {
	if err := t.take(id); err != nil {
		return nil, err
	}
	head := make([]byte, pageHead)
	if _, err := t.f.ReadAt(head, int64(id*t.page)); err != nil {
		return nil, err
	}
	if is := binary.NativeEndian.Uint64(head); is != id {
		return nil, fmt.Errorf("it says that it is page %d", is)
	}
	more := uint64(binary.NativeEndian.Uint32(head[12:]))
	for i := range more {
		if err := t.take(id + 1 + i); err != nil {
			return nil, err
		}
	}
	b := make([]byte, t.page*(1+more))
	_, err := t.f.ReadAt(b, int64(id*t.page))
	return b, err
}

// follow notes down the pages that one of the tree names.
func (t *tree) follow(b []byte) error {
	switch kind := binary.NativeEndian.Uint16(b[8:]); kind {
	case pageBranch:
		if binary.NativeEndian.Uint16(b[10:]) == 0 {
			return errors.New("it leads nowhere")
		}
		return eachElement(b, func(el, _ []byte) error {
			t.next = append(t.next, binary.NativeEndian.Uint64(el[8:]))
			return nil
		})
	case pageLeaf:
		return eachElement(b, func(el, value []byte) error {
			if binary.NativeEndian.Uint32(el)&leafBucket == 0 {
				return nil
			}
			return t.bucket(value)
		})
	default:
		return fmt.Errorf("it is of kind %#x", kind)
	}
}

// bucket has a root page, or is so small that its only page stands in it.
func (t *tree) bucket(value []byte) error {
	if len(value) < bucketHead {
		return errors.New("a bucket is cut short")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		t.next = append(t.next, root)
		return nil
	}
	b := value[bucketHead:]
	if len(b) < pageHead || binary.NativeEndian.Uint16(b[8:]) != pageLeaf {
		return errors.New("a bucket is no leaf")
	}
	return eachElement(b, func(el, _ []byte) error {
		if binary.NativeEndian.Uint32(el)&leafBucket != 0 {
			return errors.New("a bucket within a page is in another")
		}
		return nil
	})
}

// eachElement calls fn for each element of a page, as it stands there and with
// its value. None may be without a key, over the next one or beyond the page:
// bbolt reads past all that, and falls over it when it writes.
func eachElement(page []byte, fn func(el, value []byte) error) error {
	const size = leafEntry // as long as that of a branch
	count, room := uint64(binary.NativeEndian.Uint16(page[10:])), uint64(len(page))
	last := pageHead + count*size
	if last > room {
		return fmt.Errorf("it claims %d elements", count)
	}
	for at := uint64(pageHead); at < pageHead+count*size; at += size {
		el := page[at : at+size]
		field := func(n int) uint64 { return uint64(binary.NativeEndian.Uint32(el[4*n:])) }
		position, key, value := field(0), field(1), uint64(0)
		if binary.NativeEndian.Uint16(page[8:]) == pageLeaf {
			position, key, value = field(1), field(2), field(3)
		}
		from, to := at+position, at+position+key+value
		if key == 0 || from < last || to > room {
			return errors.New("it has an element that can't be")
		}
		if err := fn(el, page[from+key:to]); err != nil {
			return err
		}
		last = to
	}
	return nil
}

// checkFree gives the pages their place that the list of free ones names.
func (t *tree) checkFree(id uint64) error {
	b, err := t.read(id)
	if err != nil {
		return err
	}
	if kind := binary.NativeEndian.Uint16(b[8:]); kind != pageFree {
		return fmt.Errorf("it is of kind %#x", kind)
	}
	count, b := uint64(binary.NativeEndian.Uint16(b[10:])), b[pageHead:]
	if count == manyFree {
		count, b = binary.NativeEndian.Uint64(b), b[8:]
	}
	if count > uint64(len(b))/8 {
		return fmt.Errorf("it claims %d pages", count)
	}
	for i := range count {
		if err := t.take(binary.NativeEndian.Uint64(b[8*i:])); err != nil {
			return err
		}
	}
	return nil
}
