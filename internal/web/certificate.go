package web

import (
	"crypto/tls"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// certificate is read again when its file changes, since it has to be renewed
// more often than a service is started.
type certificate struct {
	cert, key string
	now       func() time.Time

	mu     sync.Mutex
	is     *tls.Certificate
	read   time.Time // the file's time, as read
	looked time.Time
}

const lookAgainAfter = time.Minute

func newCertificate(cert, key string, now func() time.Time) (*certificate, error) {
	c := &certificate{cert: cert, key: key, now: now}
	return c, c.load()
}

func (c *certificate) load() error {
	fi, err := os.Stat(c.cert)
	if err != nil {
		return err
	}
	is, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.is, c.read = &is, fi.ModTime()
	}
	c.looked = c.now()
	return err
}

// current goes on with the former one while a new one can't be read.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) > lookAgainAfter {
		c.looked = now
		if fi, err := os.Stat(c.cert); err == nil && !fi.ModTime().Equal(c.read) {
			_ = c.load() // the former one goes on until it has expired, and browsers say so
		}
	}
	return c.is
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil }

// names tells whether host is one that the certificate is for.
func (c *certificate) names(host string) bool {
	is := c.current()
	return is.Leaf != nil && is.Leaf.VerifyHostname(host) == nil
}

// address is one at which a browser accepts the certificate.
func (c *certificate) address(listening string) string {
	host, port, err := net.SplitHostPort(listening)
	leaf := c.current().Leaf
	if err != nil || leaf == nil || c.names(host) {
		return listening
	}
	for _, name := range leaf.DNSNames {
		if !strings.Contains(name, "*") {
			return net.JoinHostPort(name, port)
		}
	}
	for _, ip := range leaf.IPAddresses {
		return net.JoinHostPort(ip.String(), port)
	}
	return listening
}
