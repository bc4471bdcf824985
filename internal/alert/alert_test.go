package alert

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/words"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox is a service that takes messages, or does not.
type outbox struct {
	mu    sync.Mutex
	all   []Message
	fails bool
	tries int
}

func (o *outbox) send(_ string, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	if o.fails {
		return errors.New("out of order")
	}
	o.all = append(o.all, m)
	return nil
}

// world is what is wrong, and whom it is told.
type world struct {
	t   *testing.T
	dir string
	box outbox
	mu  sync.Mutex
	is  []Trouble
	a   *Alerts
}

func (w *world) wrong(is ...Trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.is = is
}

func (w *world) start() {
	w.a = New(Options{
		URLs: []string{"generic://x"}, After: time.Hour, Dir: w.dir, Host: "filesrv", Words: words.In("en"), Now: time.Now,
		Sent: func(bool) {}, Send: w.box.send, Log: slog.New(slog.DiscardHandler),
		Look: func() ([]Trouble, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.is, nil
		},
	})
	w.a.Start()
}

func (w *world) said(titles ...string) {
	w.t.Helper()
	w.box.mu.Lock()
	defer w.box.mu.Unlock()
	var got []string
	for _, m := range w.box.all {
		got = append(got, m.Title)
	}
	if strings.Join(got, "\n") != strings.Join(titles, "\n") {
		w.t.Fatalf("said: %q, want %q\n%+v", got, titles, w.box.all)
	}
}

const (
	begins = "bloxdrop on filesrv needs somebody"
	ends   = "bloxdrop on filesrv: all is well again"
	less   = "bloxdrop on filesrv: some of it is over"
)

func inWorld(t *testing.T, do func(w *world)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: dir}
		w.start()
		defer func() { w.a.Stop() }()
		do(w)
	})
}

// TestOutageIsToldOnce: an hour and more without Bloxs, 500 files, and a
// restart in the middle of it: one alert, one all-clear.
func TestOutageIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		for i := range 500 {
			w.wrong(Trouble{Kind: Waiting, Count: i + 1, Since: began})
			time.Sleep(10 * time.Second)
			if i == 400 {
				w.a.Stop()
				w.start()
			}
		}
		w.said(begins)
		w.wrong()
		time.Sleep(time.Minute)
		w.said(begins)
		time.Sleep(10 * time.Minute)
		w.said(begins, ends)
		w.a.Stop()
		w.start()
		time.Sleep(time.Hour)
		w.said(begins, ends)
	})
}

// TestNothingFlaps: what comes and goes is one trouble, what is short is none,
// and what has one reason goes in one message.
func TestNothingFlaps(t *testing.T) {
	inWorld(t, func(w *world) {
		offline := Trouble{Kind: Offline, Root: 2}
		for range 20 {
			w.wrong(offline)
			time.Sleep(5 * time.Minute)
			w.wrong()
			time.Sleep(2 * time.Minute)
		}
		w.said(begins)
		time.Sleep(10 * time.Minute)
		w.said(begins, ends)
		w.wrong(offline)
		time.Sleep(50 * time.Minute)
		w.wrong()
		time.Sleep(3 * time.Hour)
		w.said(begins, ends)

		w.wrong(Trouble{Kind: Paused, What: "denied"})
		time.Sleep(30 * time.Second)
		w.wrong(Trouble{Kind: Paused, What: "denied"}, Trouble{Kind: Held, What: "uncertain", Count: 3}, Trouble{Kind: Waiting, Explained: true, Since: time.Now().Add(-time.Hour)})
		time.Sleep(2 * time.Hour)
		w.said(begins, ends, begins)
		w.wrong(Trouble{Kind: Held, What: "uncertain", Count: 3}, Trouble{Kind: Waiting, Since: time.Now().Add(-4 * time.Hour)})
		time.Sleep(30 * time.Minute)
		w.said(begins, ends, begins, less)
		w.wrong()
		time.Sleep(10 * time.Minute)
		w.said(begins, ends, begins, less, ends)

		w.wrong(Trouble{Kind: Paused, What: "damaged", AtOnce: true})
		time.Sleep(2 * time.Minute)
		w.said(begins, ends, begins, less, ends, begins)
	})
}

// TestAlertWaitsForItsService: it goes when the service takes it, also after a restart.
func TestAlertWaitsForItsService(t *testing.T) {
	inWorld(t, func(w *world) {
		w.box.fails = true
		w.wrong(Trouble{Kind: Offline, Root: 1})
		time.Sleep(25 * time.Hour)
		if n := w.box.tries; n < 4*24 || n > 4*24+10 { // every 15 minutes, after some sooner ones
			t.Errorf("%d tries in a day", n)
		}
		w.a.Stop()
		w.start()
		time.Sleep(20 * time.Minute)
		w.said()
		w.box.mu.Lock()
		w.box.fails = false
		w.box.mu.Unlock()
		time.Sleep(16 * time.Minute)
		w.said(begins)
	})
}

// TestNobodyCanTellYet: after a start it takes a while until what is wrong is
// found again. Until then it is not over, and nothing that was not told begins.
func TestNobodyCanTellYet(t *testing.T) {
	inWorld(t, func(w *world) {
		wrong := []Trouble{{Kind: Settling, Count: 2, AtOnce: true}, {Kind: Offline, Root: 2}, {Kind: Waiting, Count: 3, Since: time.Now().Add(-time.Minute)}}
		w.wrong(wrong...)
		time.Sleep(2 * time.Minute)
		w.said(begins) // the first; the others have not lasted
		w.a.Stop()
		unsure := slices.Clone(wrong)
		for i := range unsure {
			unsure[i].Unsure = true
		}
		w.wrong(unsure...)
		w.start()
		time.Sleep(2 * time.Hour)
		w.said(begins)
		w.wrong() // for a moment
		time.Sleep(time.Minute)
		w.wrong(wrong[0])
		time.Sleep(time.Hour)
		w.said(begins)
		w.wrong()
		time.Sleep(10 * time.Minute)
		w.said(begins, ends)
	})
}

// TestWhatHangs: a service that does not answer is given up, and asked again
// now and then, but not for ever; what is wrong is asked once at a time; and
// neither keeps the stop waiting.
func TestWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var looks, asked, failed atomic.Int32
		a := New(Options{
			URLs: []string{"generic://x", "generic://y"}, After: time.Minute, Dir: t.TempDir(), Host: "filesrv", Words: words.In("en"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Sent: func(taken bool) {
				if !taken {
					failed.Add(1)
				}
			},
			Send: func(string, Message) error { asked.Add(1); <-free; return nil },
			Look: func() ([]Trouble, error) {
				if looks.Add(1) > 100 {
					<-free
				}
				return []Trouble{{Kind: Offline, Root: 1}}, nil
			},
		})
		a.Start()
		for asked.Load() < 2 {
			time.Sleep(time.Second)
		}
		began := time.Now()
		a.Stop()
		if d := time.Since(began); d > endWithin {
			t.Errorf("the stop takes %s", d)
		}
		time.Sleep(time.Minute)
		a = New(a.opts)
		asked.Store(0)
		failed.Store(0)
		looks.Store(0)
		a.Start()
		time.Sleep(24 * time.Hour)
		if n := asked.Load(); n != 2*hangMost || failed.Load() != n || looks.Load() != 101 {
			t.Errorf("they were asked %d times and given up %d times; %d looks", n, failed.Load(), looks.Load())
		}
		a.Stop()
		close(free)
		synctest.Wait()
	})
}

// TestMessages: in both languages, plain ASCII, and complete.
func TestMessages(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 30, 0, 0, time.Local)
	all := []Trouble{{Kind: Waiting, Count: 500, Since: now}, {Kind: Offline, Root: 2, Since: now}, {Kind: Unreadable, Root: 1, Count: 2}, {Kind: Settling, Count: 1}}
	for _, cause := range []string{"manual", "denied", "sign-in", "misconfigured", "store", "disk-full", "damaged", "adopt"} {
		all = append(all, Trouble{Kind: Paused, What: cause})
	}
	for _, reason := range []string{"rejected", "unknown-person", "name-mismatch", "uncertain"} {
		all = append(all, Trouble{Kind: Held, What: reason, Count: 3, Since: now})
	}
	for _, language := range []string{"en", "nl"} {
		a := &Alerts{opts: Options{Host: "filesrv", Words: words.In(language), Now: func() time.Time { return now }}}
		m := a.message(news{begun: all[:1], over: all, still: all})
		if strings.ContainsAny(m.Text, "[]%") || strings.ContainsFunc(m.Title, func(r rune) bool { return r > 126 }) {
			t.Errorf("%s\n%s", m.Title, m.Text)
		}
		t.Log(m.Title + "\n" + m.Text)
		if over := a.message(news{over: all}); strings.Contains(over.Text, "bloxdrop status") { // there is nothing to see
			t.Errorf("%s\n%s", over.Title, over.Text)
		}
	}
}

// TestErrorsShowNoSecret: whatever a service says of the address it was given.
func TestErrorsShowNoSecret(t *testing.T) {
	const secret = "s3cr3t-t0ken"
	for _, raw := range []string{
		"smtp://user:" + secret + "@127.0.0.1:1/?from=a@example.com&to=b@example.com",
		"generic://127.0.0.1:1/hooks/" + secret + "?disabletls=yes&key=" + secret,
		"discord://" + secret + "@12345", "slack://hook:" + secret + "@webhook", "generic://[::1/" + secret, "nothing://" + secret,
		"smtp://user:" + secret + "@127.0.0.1:1/?from=a@example.com", "smtp://user:%zz" + secret + "@127.0.0.1/",
	} {
		if err := Check(raw); err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("Check(%q): %v", raw, err)
			}
			continue
		}
		if strings.HasPrefix(raw, "discord") || strings.HasPrefix(raw, "slack") {
			continue // they are not on this machine
		}
		if err := Send(raw, Message{}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("Send(%q): %v", raw, err)
		}
	}
	if err := Check("logger://"); err == nil { // it would be told to nobody
		t.Error("the log is taken for a service")
	}
	if err := scrubbed(errors.New("Post \"https://hooks.example.com/c2VjcmV0\": refused"), "teams://secret"); strings.Contains(err.Error(), "c2VjcmV0") {
		t.Error(err) // in another form
	}
	if err := scrubbed(fmt.Errorf("Post \"https://api.example.com/bot%s/send\": timeout of %s", secret, secret), "telegram://"+secret+"@telegram"); strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

// TestServiceThatPanics: a service that falls over must not take the uploads along.
func TestServiceThatPanics(t *testing.T) {
	for name, send := range map[string]func() error{
		"any": func() error {
			return within(func(string, Message) error { panic("s3cr3t-t0ken") }, "x://s3cr3t-t0ken", Message{}, func() {})
		},
		"zulip": func() error {
			return Send("zulip://bot%40example.com:s3cr3t-t0ken@127.0.0.1:1/?stream=s&topic=t", Message{})
		},
	} {
		if err := send(); err == nil || strings.Contains(err.Error(), "s3cr3t-t0ken") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// hook is a service that takes messages at a host, and gives what it got.
func hook(t *testing.T) (host string, got <-chan string) {
	t.Helper()
	calls := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		calls <- r.URL.Path + " " + string(b)
	}))
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.Close()
	})
	return strings.TrimPrefix(s.URL, "http://"), calls
}

// TestTelegram: what Check says to write instead does it.
func TestTelegram(t *testing.T) {
	err := Check("telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@chat")
	if err == nil {
		t.Fatal("it is taken")
	}
	host, got := hook(t)
	raw := strings.Split(err.Error(), `"`)[1]
	if err := Check(raw); err != nil {
		t.Fatal(err)
	}
	if err := Send(strings.Replace(raw, "api.telegram.org", host, 1)+"&disabletls=yes", Message{Title: "title", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != `/botTOKEN/sendMessage {"chat_id":"CHAT","text":"title\n\ntext","title":"title"}` {
		t.Errorf("%s", text)
	}
}

// TestWebhook is a real service that takes a message.
func TestWebhook(t *testing.T) {
	host, got := hook(t)
	raw := "generic://" + host + "/hook?disabletls=yes&template=json"
	if err := Check(raw); err != nil {
		t.Fatal(err)
	}
	if err := Send(raw, Message{Title: "title", Text: "text"}); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != `/hook {"message":"title\n\ntext","title":"title"}` {
		t.Errorf("%s", text)
	}
}
