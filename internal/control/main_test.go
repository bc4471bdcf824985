package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"encoding/json"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk answers with what it was asked.
type desk struct {
	asked   []string
	fails   error
	entries int
}

func (d *desk) note(format string, args ...any) (string, error) {
	text := fmt.Sprintf(format, args...)
	d.asked = append(d.asked, text)
	return text, d.fails
}

func (d *desk) Status(context.Context) (Status, error) {
	_, err := d.note("status")
	return Status{Version: "v", State: Paused, Pauses: []Pause{{Cause: "manual"}}, Sent: 3, Roots: []Root{{Path: "/r", Online: true}}}, err
}

func (d *desk) List(_ context.Context, which Selection, each func(Entry) error) error {
	_, err := d.note("list %+v", which)
	for i := range d.entries {
		if err := each(Entry{Item: fmt.Sprint(i), Paths: []string{"/r/ü"}, FileID: 1 << 60}); err != nil {
			return err
		}
	}
	return err
}

func (d *desk) Explain(_ context.Context, path string) (Explanation, error) {
	_, err := d.note("explain %s", path)
	return Explanation{Path: path, State: "sent", Item: &Entry{Item: "1"}}, err
}

func (d *desk) Retry(_ context.Context, paths []string, all bool) (string, error) {
	return d.note("retry %q %v", paths, all)
}

func (d *desk) Resolve(_ context.Context, r Resolution) (string, error) {
	return d.note("resolve %+v", r)
}

func (d *desk) Confirm(_ context.Context, path string) (string, error) {
	return d.note("confirm %s", path)
}

func (d *desk) Send(_ context.Context, path string, again bool) (string, error) {
	return d.note("send %s %v", path, again)
}

func (d *desk) Forget(_ context.Context, person string) (string, error) {
	return d.note("forget %s", person)
}

func (d *desk) Pause(context.Context) (string, error)  { return d.note("pause") }
func (d *desk) Resume(context.Context) (string, error) { return d.note("resume") }

func (d *desk) Adopt(_ context.Context, root, existing string) (string, error) {
	return d.note("adopt %s %s", root, existing)
}

func (d *desk) OpenPage(_ context.Context, who string) (string, error) { return d.note("open %s", who) }

func (d *desk) Backup(_ context.Context, w io.Writer) error {
	_, err := d.note("backup")
	if d.fails != nil && d.entries == 0 {
		return err
	}
	for range d.entries {
		if _, err := io.WriteString(w, "half a megabyte or so"); err != nil {
			return err
		}
	}
	return err
}

var errDesk = errors.New("the desk says no")

// serve starts a service for a desk, and reads where it is.
func serve(t *testing.T, d Desk) (dir string, at address) {
	t.Helper()
	dir = t.TempDir()
	s, err := Serve(dir, d, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, fileName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left behind (%v)", fileName, err)
		}
	})
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &at); err != nil {
		t.Fatal(err)
	}
	return dir, at
}

func dial(t *testing.T, dir string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
