// Package app puts the rooms together: it makes them, and what stands beside
// them, from a config, owns their start and stop, and answers what commands, the
// page and monitoring ask.
//
// It promises that what it started has ended when Close returns, within five
// seconds, and that commands get the same answers from a running app as from
// one that only has the ledger open. It must never handle signals, parse
// arguments, or keep state of its own about files, but the last warnings for
// the page.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"bloxdrop/internal/alert"
	"bloxdrop/internal/archive"
	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/internal/metrics"
	"bloxdrop/internal/notice"
	"bloxdrop/internal/web"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/uploader"
	"bloxdrop/watcher"
)

// Options is what an app needs from outside.
type Options struct {
	Config    *config.Config
	Version   string
	DeepCheck func(ctx context.Context, path string) error // see store.Options
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	Now       func() time.Time
	Random    func() float64
	Log       *slog.Logger
}

// App is one bloxdrop. It is a control.Desk.
type App struct {
	opts     Options
	store    *store.Store // nil where there is none, or only a damaged one
	queue    *queue.Queue
	watcher  *watcher.Watcher
	bloxs    *bloxs.Client
	uploader *uploader.Uploader
	archive  *archive.Archive
	notices  *notice.Notices // nil where there is no store
	control  *control.Server
	inside   inside
	unfollow func()    // ends archive and notices, once they have begun
	began    time.Time // of Start; zero: only the ledger is open
	damage   error
	notes    []string // what the config says in vain, since Start
	recent   *recent
	metrics  *metrics.Metrics
	alerts   *alert.Alerts // nil: there is nobody to tell
	pageMu   sync.Mutex
	page     *web.Server // nil: there is none
	noPage   string      // why, where the config wants one
}

// Open opens the store and puts the parts together; nothing runs yet. With a
// store so damaged that nobody can tell what was sent, the app works, says so
// in its status, and sends nothing.
func Open(ctx context.Context, opts Options) (*App, error) {
	a := &App{opts: opts, recent: newRecent(opts.Log.Handler())}
	opts.Log = slog.New(a.recent)
	a.opts.Log = opts.Log
	st, err := store.Open(ctx, store.Options{
		Dir: opts.Config.Store.Dir, Now: opts.Now, Log: opts.Log, DeepCheck: opts.DeepCheck,
	})
	switch {
	case errors.Is(err, store.ErrDamaged):
		a.damage = err
		opts.Log.Error("sending is paused: nobody can tell any more what was sent", "dir", opts.Config.Store.Dir, "err", err)
		return a, a.assemble()
	case err != nil:
		return nil, err
	}
	a.store = st
	if err := a.assemble(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return a, nil
}

// Look is Open for commands that must not make a store where none is.
func Look(ctx context.Context, opts Options) (*App, error) {
	if store.Exists(opts.Config.Store.Dir) {
		return Open(ctx, opts)
	}
	a := &App{opts: opts}
	return a, a.assemble()
}

func (a *App) assemble() (err error) {
	a.metrics = a.newMetrics()
	o := watcher.Options{Roots: a.roots(), Queue: noLedger{}, Host: hostName(), Log: a.opts.Log, Now: a.opts.Now}
	if a.store != nil {
		if err := a.assembleSending(); err != nil {
			return err
		}
		o.Queue, o.Ledger = a.queue, a.store
		if err := a.moved(o.Roots, a.store); err != nil {
			return err
		}
	}
	a.watcher, err = watcher.New(o)
	a.archive = a.newArchive()
	if a.store != nil && err == nil {
		a.notices = a.newNotices()
	}
	return err
}

func (a *App) assembleSending() (err error) {
	c := a.opts.Config
	a.queue, err = queue.New(queue.Options{
		Store: a.store, PerMinute: c.Bloxs.RequestsPerMinute, Resend: c.Upload.OnUncertain == config.UncertainResend,
		RetryMin: c.Upload.RetryMin.Std(), RetryMax: c.Upload.RetryMax.Std(),
		Now: a.opts.Now, Random: a.opts.Random, Log: a.opts.Log,
	})
	if err != nil {
		return err
	}
	a.bloxs, err = bloxs.New(a.client())
	if err != nil {
		return err
	}
	verify := map[string]uploader.Root{}
	for _, w := range c.Watch {
		verify[w.Path] = uploader.Root{Verify: w.Verify}
	}
	a.uploader = uploader.New(uploader.Options{
		Queue: a.queue, Bloxs: a.bloxs, Roots: verify, Barred: func(root string) (string, bool) { return a.watcher.Barred(root) },
		Workers: c.Upload.Workers, MaxSize: int64(c.Upload.MaxSize),
		StallTimeout: c.Upload.StallTimeout.Std(), AnswerTimeout: c.Upload.AnswerTimeout.Std(),
		Tried: a.tried, Log: a.opts.Log, Now: a.opts.Now,
	})
	return nil
}

// BloxsConfig is how the config's Bloxs is spoken with.
func BloxsConfig(opts Options) bloxs.Config { return (&App{opts: opts}).client() }

func (a *App) roots() []watcher.Root {
	var roots []watcher.Root
	for _, w := range a.opts.Config.Watch {
		roots = append(roots, watcher.Root{
			Path: w.Path, Layout: w.Pattern, Environment: a.opts.Config.Bloxs.Environment(), Relation: w.Relation,
			Settle: w.Settle.Std(), Rescan: w.Rescan.Std(), Ignore: w.Ignore,
		})
	}
	return roots
}

func (a *App) client() bloxs.Config {
	b := a.opts.Config.Bloxs
	c := bloxs.Config{
		URL: b.URL, APIKey: b.APIKey.Reveal(), APISecret: b.APISecret.Reveal(), Token: b.Token.Reveal(),
		RootCAs: b.RootCAs, TokenFile: filepath.Join(a.opts.Config.Store.Dir, "token.json"),
		Dial: a.opts.Dial, Now: a.opts.Now, Log: a.opts.Log, UserAgent: "bloxdrop/" + a.opts.Version,
	}
	if b.ProxyURL != nil {
		c.Proxy = http.ProxyURL(b.ProxyURL)
	}
	return c
}

// Start lets everything run, shows the page, and answers commands.
func (a *App) Start(ctx context.Context) error {
	return a.start(ctx, func() {
		a.showPage()
		a.startAlerts()
	})
}

func (a *App) start(ctx context.Context, showPage func()) error {
	if err := a.settleIn(); err != nil {
		return err
	}
	a.began = a.opts.Now()
	showPage()
	var err error
	a.control, err = control.Serve(a.opts.Config.Store.Dir, a, a.opts.Log)
	if err != nil || a.store == nil {
		return err
	}
	a.watcher.Start(ctx)
	a.uploader.Start(ctx)
	a.startFollowers(ctx)
	return nil
}

// startFollowers begins what comes after a file's way.
func (a *App) startFollowers(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	a.archive.Start(ctx)
	a.notices.Start(ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.follow(ctx)
	}()
	a.unfollow = func() {
		cancel()
		<-told
		a.archive.Stop()
		a.notices.Stop()
	}
}

// Damaged is closed when the ledger turns out to be damaged while it is in
// use: then the app is to be closed and opened again.
func (a *App) Damaged() <-chan struct{} {
	if a.store == nil {
		return nil
	}
	return a.store.Damaged()
}

// stopWithin is how long uploads may take to end; the rest of the stop is quick.
const stopWithin = 4500 * time.Millisecond

// Close ends everything that Start began and writes the ledger down.
func (a *App) Close() error {
	var errs []error
	alertsEnded := a.endAlerts()
	if a.queue != nil {
		a.queue.Stop()
	}
	if a.uploader != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if a.unfollow != nil {
				a.unfollow()
			}
			a.watcher.Stop()
		}()
		errs = append(errs, a.uploader.Stop(ctx))
		a.queue.Abandon()
		<-stopped
		cancel()
	}
	if a.control != nil {
		errs = append(errs, a.control.Close())
	}
	if page := a.pageShown(); page != nil {
		errs = append(errs, page.Close())
	}
	if a.bloxs != nil {
		a.bloxs.Close()
	}
	if !a.began.IsZero() {
		a.watcher.Leave()
	}
	<-alertsEnded
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// Once sends what there is, as far as it can be sent now.
func (a *App) Once(ctx context.Context) error {
	if a.store == nil {
		return a.damaged()
	}
	a.queue.CountTries()
	if err := a.start(ctx, func() {}); err != nil {
		return err
	}
	if err := a.watcher.WaitSettled(ctx); err != nil {
		return err
	}
	if err := a.queue.WaitDone(ctx); err != nil {
		return err
	}
	a.unfollow()
	a.archive.Finish(ctx)
	a.notices.Finish(ctx)
	return nil
}
