//go:build !linux

package service

import (
	"context"
	"errors"
)

// SetSecret keeps a secret for the service.
func SetSecret(context.Context, string, string) (string, error) {
	return "", errors.New("secrets can't be kept here yet: name a file with api_key_file and api_secret_file in config.toml")
}
