package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Env is what Load needs from outside.
type Env struct {
	Getenv func(string) string // where secrets may come from
	// Asking is for commands that send nothing: secrets that only the service can
	// read are not missed, and no root is touched, since a share that hangs would
	// keep the command's process from ending.
	Asking bool
}

// maxFile bounds what is read of the config, a secret or certificates.
const maxFile = 1 << 20

// Load reads the file, fills in the defaults and the secrets, and checks the
// whole. An error about what the file says is an *Error with every problem.
// Load only reads: the file, the secrets and certificates that it names, and
// the folders above the paths in it.
func Load(path string, env Env) (*Config, error) {
	config, err := Draft(path, env)
	if err != nil {
		return nil, err
	}
	return config, nil
}

// Draft is Load for `check`, which looks at what can be looked at: beside an
// *Error it gives the config without the parts that are wrong. Such roots have
// no Path or no Pattern. Where not even that is possible the config is nil.
func Draft(path string, env Env) (*Config, error) {
	data, mode, err := read(path)
	if err != nil {
		return nil, unread(err)
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // Notepad's mark
	c := &checker{file: path}
	doc := c.parse(data)
	if err := c.err(); err != nil {
		return nil, err
	}
	c.at = positions(data)
	config := defaults(env)
	config.Path = path
	c.fill(config, doc)
	c.warnMode(config, mode)
	c.asking = env.Asking
	c.secrets(&config.Bloxs, env)
	c.check(config)
	config.Warnings = c.warnings
	err = c.err()
	if err != nil {
		c.strike(config)
	}
	return config, err
}

// unread says what to do about a config that can't be read.
func unread(err error) error {
	remedy := "make the file, or name another with --config"
	if errors.Is(err, fs.ErrPermission) {
		remedy = "let this account read it, or say it as an administrator"
		if runtime.GOOS != "windows" {
			remedy += ", with sudo"
		}
	}
	return fmt.Errorf("the config can't be read: %w; %s", err, remedy)
}

// strike takes out of a draft what nothing must be built upon.
func (c *checker) strike(config *Config) {
	for i := range config.Watch {
		w, key := &config.Watch[i], fmt.Sprintf("watch[%d]", i+1)
		sound := watchDefaults()
		for field, clear := range map[string]func(){
			"path": func() { w.Path = "" }, "layout": func() { w.Pattern = nil }, "existing": func() { w.Existing = "" },
			"relation": func() { w.Relation = "" }, "ignore": func() { w.Ignore = sound.Ignore },
			"settle": func() { w.Settle = sound.Settle }, "rescan": func() { w.Rescan = sound.Rescan },
			"verify": func() { w.Verify = sound.Verify }, "after_upload": func() { w.AfterUpload = sound.AfterUpload },
		} {
			if c.wrong(key + "." + field) {
				clear()
			}
		}
	}
	if c.wrong("bloxs.url") {
		config.Bloxs.URL = ""
	}
	if c.wrong("store.dir") {
		config.Store.Dir = ""
	}
}

// wrong tells whether something is wrong with a key, a table around it or
// something in it.
func (c *checker) wrong(key string) bool {
	return c.bad(key) || slices.ContainsFunc(c.problems, func(p Problem) bool { return strings.HasPrefix(p.Key, key+"[") })
}

// defaults are the values of keys that the file doesn't have.
func defaults(env Env) *Config {
	dir := "/var/lib/bloxdrop"
	if runtime.GOOS == "windows" {
		data := env.Getenv("ProgramData")
		if data == "" {
			data = `C:\ProgramData`
		}
		dir = filepath.Join(data, "bloxdrop", "store")
	}
	return &Config{
		Bloxs: Bloxs{RequestsPerMinute: 80},
		Upload: Upload{
			Workers:       4,
			OnUncertain:   UncertainHold,
			RetryMin:      Duration(5 * time.Second),
			RetryMax:      Duration(15 * time.Minute),
			MaxSize:       28 << 20,
			StallTimeout:  Duration(60 * time.Second),
			AnswerTimeout: Duration(3 * time.Minute),
		},
		Store:   Store{Dir: dir},
		Web:     Web{Listen: "127.0.0.1:8373"},
		Notices: Notices{InShare: true, Language: "en"},
		Alerts:  Alerts{URLs: []Secret{}, After: Duration(time.Hour)},
		Log:     Log{Level: "info", Format: "auto"},
	}
}

// watchDefaults are the values of keys that a [[watch]] doesn't have.
func watchDefaults() Watch {
	return Watch{
		Layout:      "{reference}[ - {name}]",
		Relation:    relations()[0],
		Verify:      VerifyName,
		Settle:      Duration(10 * time.Second),
		Rescan:      Duration(time.Minute),
		Ignore:      []string{"*.bak"},
		AfterUpload: AfterKeep,
	}
}

// parse reads the TOML. It goes no further than the first mistake: what follows
// one is guesswork.
func (c *checker) parse(data []byte) map[string]any {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		c.problem("", "the file is written in UTF-16; save it as UTF-8")
		return nil
	}
	if bytes.IndexByte(data, 0) >= 0 {
		c.problem("", "the file holds characters with the number 0, as UTF-16 has; save it as UTF-8")
		return nil
	}
	var doc map[string]any
	err := toml.Unmarshal(data, &doc)
	if err == nil {
		return doc
	}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		c.problem("", "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return nil
	}
	// Only the message and the position: the error's String shows whole lines, secrets among them.
	line, column := wrong.Position()
	lines := strings.Split(string(data), "\n")
	text := lines[min(line-1, len(lines)-1)]
	message := strings.TrimPrefix(wrong.Error(), "toml: ")
	if strings.Contains(message, "escape") && strings.Contains(text, `\`) {
		message += `; a Windows path needs single quotes: 'C:\Users'`
	}
	at := place{line, 1 + utf8.RuneCountInString(text[:min(column-1, len(text))])}
	c.problemAt(at, "", "%s", message)
	return nil
}

// read returns a regular file's content, up to maxFile, and its mode.
func read(path string) ([]byte, os.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, &os.PathError{Op: "read", Path: path, Err: errors.New("is a folder, not a file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, err
	}
	if len(data) > maxFile {
		return nil, 0, &os.PathError{Op: "read", Path: path, Err: errors.New("is larger than 1 MiB")}
	}
	return data, info.Mode(), nil
}
