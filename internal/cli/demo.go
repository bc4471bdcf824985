package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
)

func (e *env) demo() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "demo", Short: "Show it at work with a simulated Bloxs on this machine", Args: cobra.NoArgs,
		Long: "Show it at work: real files in a real folder, delivered to a simulated Bloxs on\nthis machine. Nothing leaves it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			temporary := dir == ""
			path, err := demoDir(dir)
			if err != nil {
				return err
			}
			d := &demo{env: e, dir: path, root: filepath.Join(path, "scans"), news: make(chan struct{}, 1)}
			err = d.show(cmd.Context())
			if temporary {
				err = errors.Join(err, os.RemoveAll(path))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "a new or empty folder to use, which is kept; default: a temporary one")
	return cmd
}

// demoDir never touches a folder that holds anything.
func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "bloxdrop-demo-")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = usage(fmt.Errorf("%s is not empty; name a new folder for the demo", dir))
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// demo is one showing.
type demo struct {
	*env
	dir, root string
	bloxs     *bloxstest.Server
	app       *app.App
	news      chan struct{} // something was logged
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) show(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.bloxs.Close()
	samples, err := demoSamples()
	if err != nil {
		return errors.Join(err, d.app.Close())
	}
	// The first upload of this person meets an error, so that a second try is seen.
	d.bloxs.Uploads.For("1003", bloxstest.Status(503))
	if err := d.app.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, d.app.Close())
	}
	err = d.deliver(ctx, samples)
	if err == nil && isTerminal(d.in) {
		d.say("\nNow you: drop a file of your own into\n  %s\nand watch. In another terminal: bloxdrop status --config %s\nCtrl-C ends the demo.\n",
			filepath.Join(d.root, "1001 - Jansen"), filepath.Join(d.dir, "config.toml"))
		if link, err := d.app.OpenPage(ctx, account()); err == nil {
			d.say("The status page, for one browser within a minute (`bloxdrop open` gives another address):\n  %s\n", link)
		}
		<-ctx.Done()
	}
	d.say("\nThe demo ends.")
	if ctx.Err() != nil {
		err = nil // Ctrl-C is how it ends
	}
	return errors.Join(err, d.app.Close())
}

// begin makes the folder, the simulated Bloxs and the daemon.
func (d *demo) begin(ctx context.Context) error {
	people := map[string]bloxstest.Person{
		"1001": {Name: "A. Jansen"}, "1002": {Name: "Fatima El Amrani"}, "1003": {Name: "P. de Vries"},
	}
	var err error
	d.bloxs, err = bloxstest.New(bloxstest.Options{Persons: bloxstest.Directory(people), APIKey: "demo", APISecret: "demo"})
	if err != nil {
		return err
	}
	if err := d.bloxs.Start(); err != nil {
		return err
	}
	d.say("bloxdrop demo: a real folder, and a simulated Bloxs at %s.\nNothing leaves this machine.\n", d.bloxs.URL)
	d.say("Three persons are known there: 1001 (A. Jansen), 1002 (Fatima El Amrani) and\n1003 (P. de Vries). A folder for each is in\n  %s\n", d.root)
	path := filepath.Join(d.dir, "config.toml")
	if err := os.WriteFile(path, []byte(d.config()), 0o600); err != nil {
		return err
	}
	c, err := config.Load(path, config.Env{Getenv: func(string) string { return "" }})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.root, 0o755); err != nil {
		return err
	}
	d.app, err = app.Open(ctx, appOptions(c, slog.New(&demoLog{demo: d})))
	return err
}

func (d *demo) config() string {
	return fmt.Sprintf(`[bloxs]
url = '%s'
api_key = "demo"
api_secret = "demo"
requests_per_minute = 0

[[watch]]
path = '%s'
existing = "upload"
settle = "1s"
rescan = "2s"

[upload]
retry_min = "2s"

[web]
listen = "127.0.0.1:0"

[store]
dir = '%s'
`, d.bloxs.URL, d.root, filepath.Join(d.dir, "store"))
}

// deliver drops the samples and waits until all is sent that can be.
func (d *demo) deliver(ctx context.Context, samples []sample) error {
	d.say("Somebody drops %d documents:", len(samples))
	for _, s := range samples {
		path := filepath.Join(d.root, filepath.FromSlash(s.rel))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, s.content, 0o644); err != nil {
			return err
		}
		d.line("dropped", s.rel, s.what)
	}
	d.say("\nbloxdrop waits until each has not changed for a second, and then:")
	for {
		st, err := d.app.Status(ctx)
		if err != nil {
			return err
		}
		if st.Sent+st.Held >= len(samples) && st.Settling+st.Waiting+st.Sending == 0 {
			return d.proof(samples, st)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.news:
		case <-time.After(time.Second):
		}
	}
}

// proof compares what Bloxs holds with what lies in the folder.
func (d *demo) proof(samples []sample, st control.Status) error {
	stored := d.bloxs.Stored()
	same := 0
	for _, f := range stored {
		for _, s := range samples {
			if strings.HasPrefix(s.rel, f.Person) && f.SHA256 == s.digest() {
				same++
			}
		}
	}
	d.say("\nAll that can be delivered is delivered: %d files are in Bloxs, each once and byte\nfor byte as in the folder. %d is held until somebody does something about it.", same, st.Held)
	if same != len(stored) || same != st.Sent {
		return fmt.Errorf("the simulated Bloxs holds %d files, of which %d are as in the folder, and %d receipts are noted", len(stored), same, st.Sent)
	}
	return nil
}

func (d *demo) line(what, path, more string) {
	fmt.Fprintf(d.out, "  %s  %-9s %-38s %s\n", time.Now().Format(time.TimeOnly), what, path, more)
}

// demoLog turns the daemon's log into words that a newcomer understands.
type demoLog struct {
	demo  *demo
	attrs []slog.Attr
}

func (l *demoLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *demoLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &demoLog{demo: l.demo, attrs: append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)}
}

func (l *demoLog) WithGroup(string) slog.Handler { return l }

func (l *demoLog) Handle(_ context.Context, r slog.Record) error {
	says := map[string]string{}
	for _, a := range l.attrs {
		says[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		says[a.Key] = a.Value.String()
		return true
	})
	path := says["path"]
	if rel, err := filepath.Rel(l.demo.root, path); err == nil {
		path = rel
	}
	switch {
	case r.Message == "sent":
		l.demo.line("sent", path, "Bloxs answers with file ID "+says["file_id"])
	case says["class"] == "unknown person":
		l.demo.line("held", path, "Bloxs knows no person "+says["person"]+"; it goes as soon as there is one")
	case says["class"] == "transient":
		l.demo.bloxs.Uploads.For("1003", bloxstest.OK())
		l.demo.line("waits", path, "Bloxs can't take it now; it is tried again by itself")
	case says["class"] != "":
		l.demo.line("not sent", path, says["class"]+": "+says["detail"])
	}
	select {
	case l.demo.news <- struct{}{}:
	default:
	}
	return nil
}
