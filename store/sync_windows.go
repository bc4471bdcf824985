package store

// syncDir has nothing to do: wholefile.Rename is durable here by itself, and a
// removal is with the next sync of a file, since NTFS writes its log in order.
func syncDir(string) error { return nil }
