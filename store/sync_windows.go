package store

// A folder can't be synced on Windows, where NTFS journals renames itself.
func ignoreUnsupported(error) error { return nil }
