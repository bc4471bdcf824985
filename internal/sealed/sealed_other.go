//go:build !windows

package sealed

const encrypts = false

// Seal and Open leave it to the rights of the file.
func Seal(plain []byte, _ string) ([]byte, error) { return plain, nil }

// Open is as Seal.
func Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }
