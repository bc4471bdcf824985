//go:build !linux

package service

import (
	"context"
	"errors"
)

// StoresSecrets tells of a place for secrets that the system hands to the service.
func StoresSecrets() bool { return false }

// SetSecret is for systems that have one.
func SetSecret(context.Context, string, string) (string, error) {
	return "", errors.New("this system keeps no secrets for services")
}
