//go:build !windows

package bloxs

// seal and unseal leave the token to the rights of its file.
func seal(plain []byte) ([]byte, error)    { return plain, nil }
func unseal(sealed []byte) ([]byte, error) { return sealed, nil }
