// Package install holds the files that make bloxdrop a service, so that packages
// and `bloxdrop install` bring the very same.
//
// It must never hold anything else.
package install

import _ "embed"

// Unit is bloxdrop.service as packages have it.
//
//go:embed bloxdrop.service
var Unit string

// Sysusers makes the account that the unit names.
//
//go:embed bloxdrop.sysusers
var Sysusers string

// Sysctl raises the number of folders that may be watched.
//
//go:embed bloxdrop.sysctl
var Sysctl string

// WindowsConfig is the first config on Windows. HOME stands for its folder.
//
//go:embed windows/config.toml
var WindowsConfig string
