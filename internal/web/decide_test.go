package web_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

var seenIn = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

// form is what the page of a held file would send.
func (s *site) form(b *http.Client, item string) url.Values {
	s.t.Helper()
	_, text := s.ask(b, "GET", "/file/"+item, nil)
	m := seenIn.FindStringSubmatch(text)
	if m == nil {
		s.t.Fatalf("there is no form on\n%s", text)
	}
	return url.Values{"item": {item}, "seen": {m[1]}}
}

// clicked sends a form, and gives what the next page says.
func (s *site) clicked(b *http.Client, action string, form url.Values) string {
	s.t.Helper()
	if status, text := s.ask(b, "POST", "/do/"+action, form); status != http.StatusSeeOther {
		s.t.Fatalf("%s is %d: %s", action, status, text)
	}
	_, text := s.ask(b, "GET", "/", nil)
	return text
}

// untilStored waits until Bloxs has n files.
func (s *site) untilStored(n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if err := s.bloxs.WaitStored(ctx, n); err != nil {
		s.t.Fatalf("Bloxs has %d files, not %d\n%s", len(s.bloxs.Stored()), n, s.log)
	}
}

const hasChanged = "It is not as this page showed it any more."

// TestOldDecisions: who has looked in Bloxs after the first upload, and clicks
// after the second, which somebody else has ordered, would send it a third time.
func TestOldDecisions(t *testing.T) {
	t.Parallel()
	s := newSite(t, bloxstest.Options{}, onLoopback)
	s.bloxs.Uploads.Always(bloxstest.ResetAfterStoring())
	s.write("1001/Letter.pdf", "%PDF- letter %%EOF")
	item := s.until("held", 1)[0]
	jan, piet := s.signedIn(), s.signedIn()
	old := s.form(piet, item)
	if said := s.clicked(jan, "resend", s.form(jan, item)); !strings.Contains(said, "It will be sent again.") {
		t.Fatalf("a fresh decision is refused:\n%s", said)
	}
	s.untilStored(2)
	s.until("held", 1)
	for _, action := range []string{"resend", "sent"} {
		if said := s.clicked(piet, action, old); !strings.Contains(said, hasChanged) {
			t.Errorf("%s by an old page:\n%s", action, said)
		}
		if said := s.clicked(piet, action, url.Values{"item": {item}}); !strings.Contains(said, hasChanged) {
			t.Errorf("%s by no page:\n%s", action, said)
		}
	}
	if n := len(s.bloxs.Stored()); n != 2 {
		t.Errorf("Bloxs has it %d times", n)
	}
	if said := s.clicked(piet, "sent", s.form(piet, item)); !strings.Contains(said, "It is noted as being in Bloxs.") {
		t.Errorf("another look does not help:\n%s", said)
	}
	if said := s.clicked(jan, "sent", old); !strings.Contains(said, hasChanged) { // it is delivered
		t.Errorf("%s", said)
	}
}

// TestAnotherPerson: that a name is right is said of the name that was shown.
func TestAnotherPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{"1243": {Name: "P. Bakker"}})}, onLoopback)
	s.write("1243 - Bakkers/Contract.pdf", "%PDF- contract %%EOF")
	item := s.until("held", 1)[0]
	b := s.signedIn()
	old := s.form(b, item)
	s.must(os.Rename(filepath.Join(s.root, "1243 - Bakkers"), filepath.Join(s.root, "1243 - Visser")))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		rows, err := s.Rows("held", "", 1)
		s.must(err)
		if len(rows.Rows) == 1 && rows.Rows[0].Folder == "Visser" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", rows)
		}
	}
	if said := s.clicked(b, "confirm", old); !strings.Contains(said, hasChanged) {
		t.Errorf("a name that nobody has seen is confirmed:\n%s", said)
	}
	if said := s.clicked(b, "confirm", s.form(b, item)); !strings.Contains(said, "Noted: this is the right person.") {
		t.Errorf("%s", said)
	}
	s.untilStored(1)
}

// TestRetryAll lets all go that may.
func TestRetryAll(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	for _, person := range []string{"1001", "1002", "1003"} {
		s.write(person+"/x.txt", person)
	}
	s.until("held", 3)
	for _, person := range []string{"1001", "1002", "1003"} {
		s.bloxs.Know(person, bloxstest.Person{Name: "P. Jansen"})
	}
	b := s.signedIn()
	if said := s.clicked(b, "retry-all", url.Values{}); !strings.Contains(said, "All files will be tried again now.") {
		t.Errorf("%s", said)
	}
	s.untilStored(3)
	item := s.until("sent", 3)[0]
	if said := s.clicked(b, "retry", url.Values{"item": {item}}); !strings.Contains(said, hasChanged) {
		t.Errorf("what is in Bloxs is to be tried again:\n%s", said)
	}
}
