package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"bloxdrop/internal/bloxs/bloxstest"
)

// mailbox is a mail server of this machine, and what it has got.
type mailbox struct {
	mu    sync.Mutex
	mails []string
	addr  string
}

func newMailbox(t *testing.T) *mailbox {
	m := &mailbox{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(m)
	s.Domain = "localhost"
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	m.addr = l.Addr().String()
	return m
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return letter{m}, nil }

type letter struct{ box *mailbox }

func (letter) Mail(string, *smtp.MailOptions) error { return nil }
func (letter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letter) Reset()                               {}
func (letter) Logout() error                        { return nil }
func (l letter) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	l.box.put(string(b))
	return err
}

func (m *mailbox) put(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, text)
}

func (m *mailbox) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...)
}

// TestAlertOfAnOutage: Bloxs is away for longer than alerts.after, 500 files
// wait: one mail and one message to a webhook, and an all-clear of each. They
// name nobody, and a restart in the middle says nothing again.
func TestAlertOfAnOutage(t *testing.T) {
	t.Parallel()
	box, hook := newMailbox(t), &mailbox{}
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		hook.put(string(b))
	}))
	t.Cleanup(web.Close)
	o := newOffice(t, bloxstest.Options{}, "[store]", fmt.Sprintf("[alerts]\nafter = \"3s\"\nurls = [%q, %q]\n[notices]\nlanguage = \"nl\"\n\n[store]",
		"smtp://"+box.addr+"/?from=bloxdrop@example.com&to=admin@example.com&starttls=no", "generic://"+strings.TrimPrefix(web.URL, "http://")+"/hook?disabletls=yes"))
	const test = ": een test"
	if out := o.run("check", "--send-alert"); !strings.Contains(out, "smtp took the test message") || !strings.Contains(out, "generic took the test message") {
		t.Errorf("%s", out)
	}
	o.bloxs.Uploads.Always(bloxstest.Status(503))
	o.start()
	for i := range 500 {
		o.write(fmt.Sprintf("%d - Jansen/Payslip %d.txt", 1001+i%20, i), fmt.Sprint("payslip ", i))
	}
	has := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(patience); len(box.all()) < n || len(hook.all()) < n; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d mails and %d calls of %d\n%q\n%s", len(box.all()), len(hook.all()), n, box.all(), o.log)
			}
		}
	}
	has(2) // the test and the alert
	o.stop()
	o.start()
	time.Sleep(4 * time.Second) // for what must not come
	o.bloxs.Uploads.Clear()
	o.untilSent(500)
	has(3)
	o.stop()
	mails, calls := box.all(), hook.all()
	if len(mails) != 3 || len(calls) != 3 {
		t.Fatalf("%d mails, %d calls:\n%q\n%q", len(mails), len(calls), mails, calls)
	}
	for i, want := range []string{test, "vraagt aandacht", ": alles is weer in orde"} {
		if !strings.Contains(mails[i], want) || !strings.Contains(calls[i], want) || !strings.Contains(mails[i], "Subject: bloxdrop op ") {
			t.Errorf("%q, %q: want %q", mails[i], calls[i], want)
		}
	}
	for _, name := range []string{"Jansen", "Payslip", "1001", o.dir} {
		if all := fmt.Sprint(mails, calls); strings.Contains(all, name) {
			t.Errorf("%q is named in %s", name, all)
		}
	}
	t.Log(mails[1], mails[2])
}
