package store

import (
	"encoding/binary"
	"io"
)

// bbolt finds its pages by following them from the first, and gives up at the
// first that is damaged. These functions read a ledger without following
// anything: each page that looks like a leaf, entry by entry. Whether an entry
// is sound is for its checksum to say. Free pages may hold what has long
// changed, so the same record can come in several versions.

const (
	pageHead   = 16 // id, flags, count, overflow
	pageLeaf   = 0x02
	leafEntry  = 16 // flags, position, key size, value size
	leafBucket = 0x01
	boltMagic  = 0xED0CDAED
	maxLeaf    = 64 << 20 // more than any page of ours with what overflows it
)

// pageSizeOf finds the page size by either of the two pages that tell it.
func pageSizeOf(f io.ReaderAt) int64 {
	b := make([]byte, pageHead+12)
	for _, at := range []int64{0, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10} {
		if _, err := f.ReadAt(b, at); err != nil || binary.NativeEndian.Uint32(b[pageHead:]) != boltMagic {
			continue
		}
		size := int64(binary.NativeEndian.Uint32(b[pageHead+8:]))
		if size >= 1<<10 && size <= 64<<10 && size&(size-1) == 0 {
			return size
		}
	}
	return 4 << 10
}

// eachEntry calls fn for every key and value that a leaf page holds, sound or not.
func eachEntry(f io.ReaderAt, size int64, fn func(key, value []byte) error) error {
	page := pageSizeOf(f)
	head := make([]byte, pageHead)
	for at := int64(0); at+page <= size; at += page {
		if _, err := f.ReadAt(head, at); err != nil {
			return err
		}
		whole := page * (1 + int64(binary.NativeEndian.Uint32(head[12:])))
		if binary.NativeEndian.Uint64(head) != uint64(at/page) || binary.NativeEndian.Uint16(head[8:])&pageLeaf == 0 || whole > maxLeaf {
			continue
		}
		b := make([]byte, min(whole, size-at))
		if _, err := f.ReadAt(b, at); err != nil {
			return err
		}
		if err := eachInLeaf(b, fn, 0); err != nil {
			return err
		}
	}
	return nil
}

// eachInLeaf also looks into buckets so small that they stand in their parent's page.
func eachInLeaf(b []byte, fn func(key, value []byte) error, depth int) error {
	if len(b) < pageHead {
		return nil
	}
	count := int(binary.NativeEndian.Uint16(b[10:]))
	for i := range count {
		at := uint64(pageHead + i*leafEntry)
		if at+leafEntry > uint64(len(b)) {
			return nil
		}
		e := b[at : at+leafEntry]
		from := at + uint64(binary.NativeEndian.Uint32(e[4:]))
		mid := from + uint64(binary.NativeEndian.Uint32(e[8:]))
		to := mid + uint64(binary.NativeEndian.Uint32(e[12:]))
		if to > uint64(len(b)) {
			continue
		}
		key, value := b[from:mid], b[mid:to]
		if binary.NativeEndian.Uint32(e)&leafBucket == 0 {
			if err := fn(key, value); err != nil {
				return err
			}
		} else if depth < 2 && len(value) > pageHead && binary.NativeEndian.Uint64(value) == 0 {
			if err := eachInLeaf(value[pageHead:], fn, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
