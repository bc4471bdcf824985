package config

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// path checks that a path is absolute, and cleans it. Relative ones would
// depend on where the service was started from.
func (c *checker) path(key string, path *string) bool {
	shown := strconv.Quote(*path)
	if strings.HasSuffix(key, "_file") {
		shown = "the value" // perhaps the secret itself, written under the wrong key
	}
	switch {
	case c.bad(key):
		return false
	case strings.ContainsFunc(*path, unicode.IsControl):
		c.problem(key, `%s holds a control character; between double quotes "\t" and "\n" are such, so write a Windows path between single quotes`, shown)
		return false
	case !filepath.IsAbs(*path):
		c.problem(key, "%s is not an absolute path; write it from the top, such as %q", shown, exampleOf(key))
		return false
	}
	*path = ordinary(filepath.Clean(*path))
	if instead, ok := mapped(*path, remoteDrive); ok {
		c.problem(key, "%s is on a network drive of your own session, which a service does not have; write the share's own name: '%s'", *path, instead)
		return false
	}
	return true
}

// optionalPath is path for a key that may be empty.
func (c *checker) optionalPath(key string, path *string) bool {
	return *path != "" && c.path(key, path)
}

// exampleOf gives a path such as the key may have on this system.
func exampleOf(key string) string {
	name := key[strings.LastIndexByte(key, '.')+1:]
	windows := runtime.GOOS == "windows"
	switch {
	case name == "path" && windows:
		return `D:\Scans`
	case name == "path":
		return "/srv/scans"
	case windows:
		return `C:\ProgramData\bloxdrop\` + name
	case key == "log.file":
		return "/var/log/bloxdrop.log"
	case name == "dir":
		return "/var/lib/bloxdrop"
	default:
		return "/etc/bloxdrop/" + name
	}
}

// named is a path that must keep clear of others.
type named struct {
	key, path string
	real      string // with links resolved, as far as it exists
}

// checkApart holds that roots don't nest, and that nothing of bloxdrop's own
// lies in a root, where it would be uploaded.
func (c *checker) checkApart(config *Config) {
	var roots, own []named
	for i := range config.Watch {
		key := fmt.Sprintf("watch[%d].path", i+1)
		if config.Watch[i].Path == "" || c.bad(key) {
			continue
		}
		roots = append(roots, named{key: key, path: config.Watch[i].Path})
	}
	if config.Store.Dir != "" && !c.bad("store.dir") {
		own = append(own, named{key: "store.dir", path: config.Store.Dir})
	}
	if config.Log.File != "" && !c.bad("log.file") {
		own = append(own, named{key: "log.file", path: config.Log.File})
	}
	c.resolve(roots)
	c.resolve(own)
	for i, a := range roots {
		for _, b := range roots[:i] {
			c.checkNested(a, b)
		}
		for _, o := range own {
			c.checkOwn(o, a)
		}
	}
}

func (c *checker) checkNested(a, b named) {
	line := c.find(b.key).value.line
	switch {
	case inside(a.real, b.real) && inside(b.real, a.real):
		c.problem(a.key, "%s is watched already (%s, line %d); remove one of the two", a.path, b.key, line)
	case inside(a.real, b.real):
		c.problem(a.key, "%s lies inside the root %s (%s, line %d), so its files would be taken twice; remove one of the two", a.path, b.path, b.key, line)
	case inside(b.real, a.real):
		c.problem(a.key, "the root %s (%s, line %d) lies inside %s, so its files would be taken twice; remove one of the two", b.path, b.key, line, a.path)
	}
}

func (c *checker) checkOwn(own, root named) {
	where := ""
	if line := c.find(root.key).value.line; line > 0 {
		where = fmt.Sprintf(" (%s, line %d)", root.key, line)
	}
	switch {
	case inside(own.real, root.real):
		c.problem(own.key, "%s lies inside the root %s%s, where people drop files; choose a place outside every root", own.path, root.path, where)
	case own.key == "store.dir" && inside(root.real, own.real):
		c.problem(own.key, "the root %s%s lies inside %s; choose a folder of bloxdrop's own", root.path, where, own.path)
	}
}

// inside tells whether path is folder or lies below it.
func inside(path, folder string) bool {
	if runtime.GOOS == "windows" {
		path, folder = strings.ToLower(path), strings.ToLower(folder)
	}
	separator := string(filepath.Separator)
	return strings.HasPrefix(path+separator, strings.TrimSuffix(folder, separator)+separator)
}

// resolve follows the links in the paths. A share that hangs must not keep the
// service from starting, so a path that takes too long is compared as written.
func (c *checker) resolve(paths []named) {
	if c.asking {
		for i := range paths {
			paths[i].real = paths[i].path
		}
		return
	}
	const patience = 2 * time.Second
	deadline := time.After(patience)
	for i := range paths {
		answer := make(chan string, 1)
		go func() { answer <- realPath(paths[i].path) }()
		select {
		case paths[i].real = <-answer:
		case <-deadline:
			paths[i].real = paths[i].path
			deadline = time.After(0) // the patience is for all of them together
		}
	}
}

// realPath resolves the part of the path that exists.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(realPath(parent), filepath.Base(path))
}

// certificates reads ca_file.
func (c *checker) certificates(b *Bloxs) {
	const key = "bloxs.ca_file"
	if !c.optionalPath(key, &b.CAFile) {
		return
	}
	data, _, err := read(b.CAFile)
	if err != nil {
		c.problem(key, "the certificates can't be read: %v; name a PEM file, or leave the key empty", err)
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		c.problem(key, "%s holds no certificate in PEM form; it must have a line \"-----BEGIN CERTIFICATE-----\"", b.CAFile)
		return
	}
	b.RootCAs = pool
}
