//go:build linux

package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bloxdrop/internal/wholefile"
)

// systemd looks here for credentials that a unit names without a path, since
// its version 252.
const (
	credentials = "/etc/credstore"
	hasStore    = 252
)

// StoresSecrets tells of a place for secrets that the system hands to the service.
func StoresSecrets() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// SetSecret keeps a secret for the service: in a file that only root reads, and
// that systemd hands to nobody but the service.
func SetSecret(ctx context.Context, name, value string) (string, error) {
	if err := allowed(ctx, "set-secret "+name); err != nil {
		return "", err
	}
	out, err := run(ctx, "systemctl", "--version")
	if err != nil {
		return "", err
	}
	version := 0
	if _, err := fmt.Sscanf(out, "systemd %d", &version); err == nil && version < hasStore {
		return "", fmt.Errorf("systemd %d keeps no secrets for services, as %d does: put it into a file that bloxdrop's account alone reads, and name that in config.toml as %s_file", version, hasStore, name)
	}
	if err := os.MkdirAll(credentials, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(credentials, Name+"."+name)
	if err := wholefile.Write(path, []byte(strings.TrimSpace(value)+"\n")); err != nil {
		return "", err
	}
	return name + " is kept in " + path + ", for the service alone; `bloxdrop restart` lets it take that up. What config.toml says itself goes before it", nil
}
