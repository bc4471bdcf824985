package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Environment is the one form of the address by which receipts know it: lower
// case, without the default port or a slash at its end.
func (b Bloxs) Environment() string {
	environment, _ := environment(b.URL)
	return environment
}

// environment checks the address of Bloxs. What is wrong is said without
// repeating the address, which may hold a password.
func environment(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "" {
		return "", errors.New(`this is not a web address; write it as "https://yourcompany.bloxs.io"`)
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	switch {
	case scheme != "https" && scheme != "http":
		return "", fmt.Errorf("%q is not how Bloxs is reached; write https://%s", u.Scheme+"://", u.Host)
	case u.User != nil:
		return "", errors.New("a name or password stands in the address; remove it and use api_key and api_secret")
	case strings.ContainsAny(address, "?#"):
		return "", fmt.Errorf(`"?" and "#" don't belong in it; write %s://%s`, scheme, u.Host)
	case u.Path != "" && u.Path != "/":
		return "", fmt.Errorf("a path doesn't belong in it, bloxdrop knows the paths; write %s://%s", scheme, u.Host)
	case scheme == "http" && !isLoopback(host):
		return "", fmt.Errorf("http would send the secrets readable to all; write https://%s", u.Host)
	case !validHost(host) || !validPort(port):
		return "", errors.New(`the host or port is not valid; write it as "https://yourcompany.bloxs.io"`)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && port != map[string]string{"https": "443", "http": "80"}[scheme] {
		host += ":" + port
	}
	return scheme + "://" + host, nil
}

func validHost(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return !strings.ContainsAny(host, " \t\"'<>\\^`{|}%,;()&=+$!*_~@") && strings.Trim(host, ".") != ""
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// isLoopback tells whether a host is this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// proxy checks the proxy's address, which may hold a password, so that what is
// wrong is said without repeating it.
func (c *checker) proxy(b *Bloxs) {
	if !b.Proxy.IsSet() {
		return
	}
	u, err := url.Parse(b.Proxy.Reveal())
	if err != nil || u.Hostname() == "" || !validPort(u.Port()) || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		c.problem("bloxs.proxy", `this is not the address of a proxy; write "http://", "https://" or "socks5://", the host, ":" and the port`)
		return
	}
	b.ProxyURL = u
}

// listen checks the page's address: beyond this machine it needs TLS and a password.
func (c *checker) listen(w *Web) {
	c.optionalPath("web.tls_cert", &w.TLSCert)
	c.optionalPath("web.tls_key", &w.TLSKey)
	c.optionalPath("web.password_file", &w.PasswordFile)
	if (w.TLSCert == "") != (w.TLSKey == "") {
		key := "web.tls_cert"
		if w.TLSCert == "" {
			key = "web.tls_key"
		}
		c.problem(key, "tls_cert and tls_key only work together; set both or neither")
	}
	c.privately("web.tls_key", w.TLSKey)
	c.privately("web.password_file", w.PasswordFile)
	if w.Listen == "" || c.bad("web.listen") {
		return
	}
	host, port, err := net.SplitHostPort(w.Listen)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		c.problem("web.listen", `%q is not an address and a port; write it as "127.0.0.1:8373", or "" for no page`, w.Listen)
		return
	}
	if !isLoopback(host) && (w.TLSCert == "" || w.TLSKey == "" || w.PasswordFile == "") {
		c.problem("web.listen", "%q can be reached from other machines, and the page shows personal data; set tls_cert, tls_key and password_file too, or listen on 127.0.0.1", w.Listen)
	}
}

// privately warns of a file with a secret that others can read. That it can't
// be read here at all is for the page to say: it keeps nothing from being sent.
func (c *checker) privately(key, path string) {
	if fi, err := os.Stat(path); path != "" && err == nil && exposed(fi.Mode()) {
		c.warn(key, "%s can be read by other accounts (mode %04o); run: chmod 600 %s", path, fi.Mode().Perm(), path)
	}
}
