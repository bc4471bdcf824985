package alert

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// Service is the name of the service that a URL is for, in small letters.
func Service(raw string) string {
	scheme, _, _ := strings.Cut(raw, ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	return strings.ToLower(scheme)
}

// Check says why no message could be sent to a URL, as far as that can be
// known without the network. It repeats nothing of the URL.
func Check(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("it can't be read as a URL; write %40 for \"@\", %23 for \"#\", %2F for \"/\" and %25 for \"%\" in passwords")
	}
	services := new(router.ServiceRouter)
	service := Service(raw)
	if !slices.Contains(services.ListServices(), service) || service == "logger" {
		return errors.New("this service is not known; smtp, teams, slack, discord, ntfy, generic and others are")
	}
	if service == "telegram" { // containrrr/shoutrrr issue 473
		return errors.New(`messages to Telegram that do not arrive would count as sent; write "generic://api.telegram.org/botTOKEN/sendMessage?template=json&messagekey=text&$chat_id=CHAT" instead`)
	}
	if service == "matrix" && u.User.Username() != "" {
		return nil // only its server knows more
	}
	if _, err := services.Locate(raw); err != nil {
		return errors.New("something that this service needs is missing or wrong in it" + hint(service))
	}
	return nil
}

func hint(service string) string {
	if service == "smtp" {
		return `; write "smtp://user:password@mail.example.com:587/?from=bloxdrop@example.com&to=admin@example.com"`
	}
	return "; its page at https://shoutrrr.nickfedor.com says what"
}

// sendWithin is how long a service may take. What it has not answered by then
// is tried again later.
const sendWithin = 30 * time.Second

// Send sends a message, and waits until it was taken. Its error shows nothing of the URL.
func Send(raw string, m Message) error { return within(send, raw, m, func() {}) }

// within gives a send that takes too long up; ended is called when it has come
// to its end after all.
func within(send func(string, Message) error, raw string, m Message, ended func()) error {
	result := make(chan error, 1)
	go func() {
		defer ended()
		result <- steady(send, raw, m)
	}()
	late := time.NewTimer(sendWithin)
	defer late.Stop()
	select {
	case err := <-result:
		return scrubbed(err, raw)
	case <-late.C:
		return fmt.Errorf("no answer within %s", sendWithin)
	}
}

// steady makes an error of a panic: shoutrrr's zulip, for one, has one where its
// server can't be reached, and no alert may end the service.
func steady(send func(string, Message) error, raw string, m Message) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("its service can't be used now: %v", why)
		}
	}()
	return send(raw, m)
}

func send(raw string, m Message) error {
	service, err := new(router.ServiceRouter).Locate(raw)
	if err != nil {
		return err
	}
	text, params := m.Title+"\n\n"+m.Text, types.Params{}
	switch Service(raw) {
	case "smtp":
		params.SetTitle(m.Title)
		text = m.Text
	case "generic", "ntfy", "gotify", "pushover":
		params.SetTitle(m.Title)
	}
	return service.Send(text, &params)
}

var addresses = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"]+`)

// scrubbed takes out of an error all that the URL holds: any part of it may be
// a secret, and services put them into addresses of their own.
func scrubbed(err error, raw string) error {
	if err == nil {
		return nil
	}
	text := addresses.ReplaceAllString(err.Error(), "***")
	for _, part := range parts(raw) {
		text = strings.ReplaceAll(text, part, "***")
	}
	return errors.New(text)
}

// parts are the pieces of a URL that could be secret, the longest first.
func parts(raw string) (all []string) {
	add := func(text string) {
		if len(text) >= 4 {
			all = append(all, text)
		}
	}
	_, rest, _ := strings.Cut(raw, "://")
	for _, piece := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/?&=:@#", r) }) {
		add(piece)
		if plain, err := url.PathUnescape(piece); err == nil {
			add(plain)
		}
		if plain, err := url.QueryUnescape(piece); err == nil {
			add(plain)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}
