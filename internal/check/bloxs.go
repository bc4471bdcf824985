package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"bloxdrop/internal/app"
	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/config"
	"bloxdrop/internal/layout"
	"bloxdrop/queue"
	"bloxdrop/uploader"
)

// clockOff is how far two clocks may be apart.
const clockOff = 5 * time.Minute

// nobody is asked for where no folder names a person: that there is no such
// person is an answer too.
const nobody = "0"

// bloxs signs in, and asks for the persons that folders name.
func (c *checker) bloxs(ctx context.Context, people []person) {
	if c.unsound() {
		c.Say(Finding{Warning, "Bloxs", "it was not asked, since [bloxs] in the config is not complete", "mend that first, and run check again"})
		return
	}
	cfg := app.BloxsConfig(app.Options{Config: c.Config, Version: c.Version, Now: c.Now, Log: c.Log})
	cfg.TokenFileOnlyRead = true
	client, err := bloxs.New(cfg)
	if err != nil {
		c.Say(Finding{Error, "bloxs.url", err.Error(), ""})
		return
	}
	defer client.Close()
	token, err := client.Token(ctx)
	if err != nil {
		c.refused(ctx, err)
		return
	}
	_, fetched := client.Skew()
	asked := verified(people)
	first := person{verify: config.VerifyOff}
	first.key.Relation, first.key.Kind, first.key.ID = bloxs.Relations()[0].Word, layout.Reference, nobody
	if len(asked) > 0 {
		first = asked[0]
	}
	find := func() ([]string, error) {
		return client.FindPerson(ctx, first.key.Relation, first.key.Kind, first.key.ID)
	}
	names, err := find()
	if e, ok := errors.AsType[*bloxs.Error](err); ok && e.Op == bloxs.OpLookUp && e.Status == http.StatusUnauthorized && !fetched {
		// A token that was kept may be stale; one that was just fetched is not replaced.
		if _, err = client.Renew(ctx, token); err == nil {
			names, err = find()
		}
	}
	if c.answered(ctx, client, first, err) {
		c.persons(ctx, client, asked, names, err)
	}
}

// unsound tells whether what a request needs is missing or wrong.
func (c *checker) unsound() bool {
	b := c.Config.Bloxs
	var wrong *config.Error
	if errors.As(c.Invalid, &wrong) && slices.ContainsFunc(wrong.Problems, func(p config.Problem) bool {
		return strings.HasPrefix(p.Key, "bloxs.") && p.Key != "bloxs.requests_per_minute"
	}) {
		return true
	}
	return b.URL == "" || !b.Token.IsSet() && !(b.APIKey.IsSet() && b.APISecret.IsSet())
}

// verified are those persons whom the config wants to be looked up.
func verified(people []person) (list []person) {
	for _, p := range people {
		if p.verify != config.VerifyOff && p.key.Relation != "" {
			list = append(list, p)
		}
	}
	return list
}

// answered says what the first look-up has shown, and whether more may follow.
func (c *checker) answered(ctx context.Context, client *bloxs.Client, first person, err error) bool {
	o, forbidden := queue.Outcome{}, false
	if err != nil {
		o, forbidden = uploader.NotFound(err, first.key.Kind, first.key.ID)
	}
	is := o.Class == "" || o.Class == queue.UnknownPerson || o.Class == queue.Rejected && first.key.ID == nobody
	if !is && !forbidden {
		c.refused(ctx, err)
		return false
	}
	c.ok("bloxs.url", "%s answers", c.Config.Bloxs.Environment())
	c.ok("sign-in", "Bloxs takes it; whether it may add files shows with the first one")
	c.clock(client)
	if forbidden {
		c.Say(Finding{Warning, "look-up", "this key may not look persons up, so nobody notices a folder with a wrong number: " + o.Detail,
			"ask the Bloxs administrator for the right to read persons, or say verify = \"off\""})
		return false
	}
	c.ok("look-up", "the key may look persons up")
	return true
}

func (c *checker) clock(client *bloxs.Client) {
	ahead, known := client.Skew()
	switch {
	case !known:
	case ahead.Abs() > clockOff:
		word := "behind"
		if ahead < 0 {
			word = "ahead of"
		}
		c.Say(Finding{Warning, "clock", fmt.Sprintf("this machine's clock is %s %s that of Bloxs", ahead.Abs().Round(time.Second), word),
			"let the machine take its time from a time server"})
	default:
		c.ok("clock", "it agrees with that of Bloxs")
	}
}

// refused says why Bloxs could not be asked.
func (c *checker) refused(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	e, ok := errors.AsType[*bloxs.Error](err)
	if !ok {
		text, remedy := unreachable(err)
		c.Say(Finding{Error, "bloxs.url", fmt.Sprintf("%s can't be reached: %s", c.Config.Bloxs.Environment(), text), remedy})
		return
	}
	o, _ := uploader.NotFound(err, "", "")
	switch {
	case e.FixedToken:
		c.Say(Finding{Error, "bloxs.token", e.Error(), ""})
	case o.Class == queue.Denied && e.Op == bloxs.OpSignIn:
		c.Say(Finding{Error, "sign-in", o.Detail, "both come from Bloxs, and the secret belongs to this very environment"})
	case o.Class == queue.SignIn:
		c.Say(Finding{Error, "sign-in", "Bloxs refuses the token that it has just given: " + e.Error(), "ask the Bloxs administrator what this key may do"})
	case o.Class == queue.Misconfigured:
		c.Say(Finding{Error, "bloxs.url", "what answers at " + c.Config.Bloxs.Environment() + " is not Bloxs's API: " + e.Error(),
			"write the address at which you open Bloxs, such as https://yourcompany.bloxs.io"})
	case o.Class == queue.Limited:
		c.Say(Finding{Warning, "Bloxs", "its limit of requests is used up at this moment: " + e.Error(), "run check again in a minute"})
	default:
		c.Say(Finding{Warning, "Bloxs", e.Error(), "run check again later"})
	}
}

// unreachable puts into words why no answer came.
func unreachable(err error) (text, remedy string) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plainText tls.RecordHeaderError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &unknown):
		return "its certificate is from an authority that this machine does not know", "if a proxy here looks into TLS, name its certificate in bloxs.ca_file"
	case errors.As(err, &host):
		return host.Error(), "look whether bloxs.url is right, and whether a proxy answers in its place"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return invalid.Error(), "look at this machine's clock; if it is right, the certificate is to be renewed"
	case errors.As(err, &invalid):
		return invalid.Error(), "look whether bloxs.url is right, and whether a proxy answers in its place"
	case errors.As(err, &plainText):
		return "what answers there does not speak TLS", "look at the port in bloxs.url, and whether a proxy answers in its place"
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("no machine is called %q", dns.Name), "look whether bloxs.url is spelt right"
	case errors.As(err, &dns):
		return err.Error(), "look whether this machine's name servers answer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return err.Error(), "look whether bloxs.url has the right port, and whether a proxy is needed (bloxs.proxy)"
	case errors.As(err, &timeout) && timeout.Timeout():
		return err.Error(), "let the firewall pass it, or name a proxy in bloxs.proxy"
	}
	return err.Error(), "look whether this machine has a way out to it, and whether a proxy is needed (bloxs.proxy)"
}
