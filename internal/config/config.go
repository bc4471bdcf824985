// Package config reads config.toml.
//
// Load promises that what it returns is complete and sound: every key has its
// value or its default, every secret is found, and what can be known wrong
// without touching a root or the network has been refused, all of it at once,
// each problem with its place in the file and its remedy.
//
// It must never write anything, and no error, log line or printed value of
// this package may show a secret.
package config

import (
	"crypto/x509"
	"net/url"

	"bloxdrop/internal/layout"
)

// Config is config.toml. Its fields are named as the keys.
type Config struct {
	Bloxs   Bloxs   `toml:"bloxs"`
	Watch   []Watch `toml:"watch"`
	Upload  Upload  `toml:"upload"`
	Store   Store   `toml:"store"`
	Web     Web     `toml:"web"`
	Notices Notices `toml:"notices"`
	Alerts  Alerts  `toml:"alerts"`
	Log     Log     `toml:"log"`

	Path     string   `toml:"-"` // the file that was read
	Warnings []string `toml:"-"` // what is unwise, but no reason to refuse it
}

// Bloxs is where files go and who sends them. After Load, APIKey, APISecret and
// Token hold what is to be used, wherever it came from; a Token stands instead
// of the pair.
type Bloxs struct {
	URL               string `toml:"url"`
	APIKey            Secret `toml:"api_key"`
	APIKeyFile        string `toml:"api_key_file"`
	APISecret         Secret `toml:"api_secret"`
	APISecretFile     string `toml:"api_secret_file"`
	Token             Secret `toml:"token"`
	TokenFile         string `toml:"token_file"`
	RequestsPerMinute int    `toml:"requests_per_minute"` // 0 = no limit
	CAFile            string `toml:"ca_file"`
	Proxy             Secret `toml:"proxy"` // its address may hold a password

	RootCAs  *x509.CertPool `toml:"-"` // the system's and those of CAFile; nil without a CAFile
	ProxyURL *url.URL       `toml:"-"` // Proxy, parsed; nil = the environment's. Log only its Redacted form
}

// Watch is one root.
type Watch struct {
	Path        string   `toml:"path"`
	Layout      string   `toml:"layout"`
	Relation    string   `toml:"relation"` // see bloxs.Relations
	Verify      string   `toml:"verify"`   // VerifyName, VerifyExists or VerifyOff
	Existing    string   `toml:"existing"` // ExistingUpload or ExistingSkip
	Settle      Duration `toml:"settle"`
	Rescan      Duration `toml:"rescan"`
	Ignore      []string `toml:"ignore"`
	AfterUpload string   `toml:"after_upload"` // AfterKeep, AfterMove or AfterDelete

	Pattern *layout.Pattern `toml:"-"` // Layout, parsed
}

// Upload is how files are sent.
type Upload struct {
	Workers       int      `toml:"workers"`
	OnUncertain   string   `toml:"on_uncertain"` // UncertainHold or UncertainResend
	RetryMin      Duration `toml:"retry_min"`
	RetryMax      Duration `toml:"retry_max"`
	MaxSize       Size     `toml:"max_size"`
	StallTimeout  Duration `toml:"stall_timeout"`
	AnswerTimeout Duration `toml:"answer_timeout"`
}

// Store is where the ledger and the journal lie.
type Store struct {
	Dir string `toml:"dir"`
}

// Web is the status page.
type Web struct {
	Listen       string `toml:"listen"` // "" = no page
	TLSCert      string `toml:"tls_cert"`
	TLSKey       string `toml:"tls_key"`
	PasswordFile string `toml:"password_file"`
}

// Notices are the files written for colleagues into the share.
type Notices struct {
	InShare  bool   `toml:"in_share"`
	Language string `toml:"language"` // "en" or "nl"
	Contact  string `toml:"contact"`
}

// Alerts are messages to those who look after bloxdrop.
type Alerts struct {
	URLs  []Secret `toml:"urls"` // they hold passwords
	After Duration `toml:"after"`
}

// Log is what is written about the running service.
type Log struct {
	Level  string `toml:"level"`  // "debug", "info", "warn" or "error"
	Format string `toml:"format"` // "auto", "text" or "json"
	File   string `toml:"file"`   // "" = standard error
}

// The words that keys take.
const (
	VerifyName   = "name"
	VerifyExists = "exists"
	VerifyOff    = "off"

	ExistingUpload = "upload"
	ExistingSkip   = "skip"

	AfterKeep   = "keep"
	AfterMove   = "move"
	AfterDelete = "delete"

	UncertainHold   = "hold"
	UncertainResend = "resend"
)
