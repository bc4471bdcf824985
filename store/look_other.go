//go:build unix && !linux

package store

import "io/fs"

// identity is for the two platforms that bloxdrop is made for; elsewhere size
// and time decide, and the hash at the gate catches what they miss.
func identity(fs.FileInfo) (changeTime int64, device, inode uint64) { return 0, 0, 0 }
