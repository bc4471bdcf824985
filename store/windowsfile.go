package store

import (
	"io/fs"
	"strings"
)

// WindowsFile is what Windows tells of a file, by its handle or in a folder's
// listing. It is here for all platforms, so that it can be tested on all.
type WindowsFile struct {
	Size          int64
	Write, Change int64 // in 100 ns since 1601; 0 where the file system has none
	Volume        uint32
	ID            uint64
	Attributes    uint32
	Tag           uint32 // of a reparse point
}

// Look is the file's Look.
func (f WindowsFile) Look() Look {
	l := Look{Size: f.Size, ModTime: sinceUnix(f.Write), ChangeTime: sinceUnix(f.Change), Device: uint64(f.Volume), Inode: f.ID}
	if f.ID == 0 || f.ID == ^uint64(0) { // how file systems say that they have none
		l.Device, l.Inode = 0, 0
	}
	return l
}

func sinceUnix(ticks int64) int64 {
	const between = 116444736000000000 // from 1601 to 1970
	if ticks == 0 {
		return 0 // no time
	}
	return (ticks - between) * 100
}

const (
	attributeDirectory = 0x10
	attributeDevice    = 0x40
	attributeReparse   = 0x400
	tagSurrogate       = 0x20000000 // it stands for another file or folder: a link, a junction, a mount
	tagSocket          = 0x80000023 // these four are WSL's, for what is no file
	tagFIFO            = 0x80000024
	tagCharDevice      = 0x80000025
	tagBlockDevice     = 0x80000026
)

// Mode gives the type alone. A reparse point that leads elsewhere is a link,
// be it a folder or a file. Other reparse points are what they look like:
// deduplicated files, and placeholders whose content is fetched when it is read.
func (f WindowsFile) Mode() fs.FileMode {
	if f.Attributes&attributeReparse != 0 {
		switch {
		case f.Tag&tagSurrogate != 0:
			return fs.ModeSymlink
		case f.Tag == tagSocket, f.Tag == tagFIFO, f.Tag == tagCharDevice, f.Tag == tagBlockDevice:
			return fs.ModeIrregular
		}
	}
	switch {
	case f.Attributes&attributeDirectory != 0:
		return fs.ModeDir
	case f.Attributes&attributeDevice != 0:
		return fs.ModeIrregular
	}
	return 0
}

// WindowsPath gives the form of an absolute path by which Windows opens just
// what is named: longer than 260 characters, ending in a dot or a space, or
// called as a device is. What is in that form already stays as it is.
func WindowsPath(path string) string {
	switch {
	case strings.HasPrefix(path, `\\?\`), strings.HasPrefix(path, `\\.\`):
		return path
	case strings.HasPrefix(path, `\\`):
		return `\\?\UNC` + path[1:]
	case len(path) >= 3 && path[1] == ':' && path[2] == '\\':
		return `\\?\` + path
	}
	return path
}
