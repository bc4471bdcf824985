package check

import (
	"net"
	"time"

	"bloxdrop/internal/web"
)

const expiresSoon = 14 * 24 * time.Hour

// page looks whether the page can be shown, and for how long. A port that is
// taken is known only where no service has it.
func (c *checker) page() {
	w := c.Config.Web
	if w.Listen == "" || c.Invalid != nil {
		return
	}
	const about = "web"
	until, err := web.Check(web.Options{TLSCert: w.TLSCert, TLSKey: w.TLSKey, PasswordFile: w.PasswordFile, Now: c.Now})
	if err != nil {
		c.Say(Finding{Error, about, "the page can't be shown: " + err.Error(), "see [web] in config.example.toml; files are sent all the same"})
		return
	}
	switch left := until.Sub(c.Now()); {
	case until.IsZero(), left > expiresSoon:
	case left <= 0:
		c.Say(Finding{Error, about, "web.tls_cert has expired on " + until.Local().Format(time.DateOnly) + ", and no browser will show the page", "renew it; the page takes the new one within two minutes"})
		return
	default:
		c.Say(Finding{Warning, about, "web.tls_cert expires on " + until.Local().Format(time.DateOnly), "renew it; the page takes the new one within two minutes"})
	}
	if c.status == nil {
		l, err := net.Listen("tcp", w.Listen)
		if err != nil {
			c.Say(Finding{Warning, about, "the page can't be shown: " + err.Error(), "end the other program, or write another port into web.listen; files are sent all the same"})
			return
		}
		_ = l.Close()
	}
	c.ok(about, "the page can be shown at %s; `bloxdrop open` opens it", w.Listen)
}
