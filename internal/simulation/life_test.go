package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"bloxdrop/internal/archive"
	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/layout"
	"bloxdrop/internal/model"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/uploader"
	"bloxdrop/watcher"
)

const (
	environment = "http://bloxs.test"
	pattern     = "{reference}[ - {name}]"
)

// life is one process, from its start to its stop or its death. Its parts are
// put together as internal/app does it.
type life struct {
	w         *world
	dead      atomic.Bool
	crashed   chan struct{}
	once      sync.Once
	stepsLeft atomic.Int64 // until it dies; 0: it doesn't

	queue    *queue.Queue
	bloxs    *bloxs.Client
	watcher  *watcher.Watcher
	uploader *uploader.Uploader
	archive  *archive.Archive
	unfollow context.CancelFunc
	followed chan struct{}
}

// die ends the process at this very moment: nothing that it still does counts.
func (l *life) die(when string) {
	l.once.Do(func() {
		l.dead.Store(true)
		l.w.net.cut(l)
		l.w.tell("the process dies %s", when)
		close(l.crashed)
	})
}

// step is told of each step of the ledger.
func (w *world) step(s model.Step) error {
	l := w.life.Load()
	if l == nil {
		return nil
	}
	if l.dead.Load() {
		return model.ErrDead
	}
	if left := l.stepsLeft.Load(); left > 0 && l.stepsLeft.Add(-1) == 0 {
		l.die("when " + string(s))
		return model.ErrDead
	}
	if w.full.Load() {
		w.lastFull.Store(time.Now())
		return errFull
	}
	return nil
}

var errFull = errors.New("no space left on device")

// start begins a process, and another one where that dies while it begins.
func (w *world) start() {
	for {
		l := &life{w: w, crashed: make(chan struct{})}
		if !w.healed && chance(w.rnd, w.plan.deathRate) {
			l.stepsLeft.Store(1 + int64(w.rnd.IntN(pick(w.rnd, 10, 30, 60, 200))))
		}
		w.life.Store(l)
		w.tell("the process starts")
		err := l.begin()
		if err == nil {
			return
		}
		if !l.dead.Load() && !errors.Is(err, errFull) {
			w.violation("a start failed: %v", err)
			return
		}
		w.bury()
		if w.life.Load() != nil {
			return
		}
	}
}

func (l *life) begin() (err error) {
	w := l.w
	l.queue, err = queue.New(queue.Options{
		Store: w.store, PerMinute: w.plan.perMinute, Resend: w.plan.resend, RetryMin: 5 * time.Second, RetryMax: 15 * time.Minute,
		Now: time.Now, Random: w.randomly, Log: w.log,
	})
	if err != nil {
		return err
	}
	l.bloxs, err = bloxs.New(bloxs.Config{
		URL: environment, APIKey: "the-key", APISecret: "the-secret", Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		TokenFile: w.tokenFile(), Dial: w.net.dialer(l), Now: time.Now, Log: w.log,
	})
	if err != nil {
		return err
	}
	o := watcher.Options{Queue: l.queue, Ledger: w.store, Host: "simulation", Log: w.log, Now: time.Now, NoEvents: true}
	a := archive.Options{Store: w.store, Log: w.log, Ready: func(root string) bool {
		why, _ := l.watcher.Barred(root)
		return why == "" && !l.dead.Load()
	}}
	verify := map[string]uploader.Root{}
	for i, r := range w.roots {
		o.Roots = append(o.Roots, watcher.Root{
			Path: r.path, Layout: mustParse(pattern), Environment: environment, Relation: "persons", Settle: w.plan.settle, Rescan: w.plan.rescan + time.Duration(i)*13*time.Millisecond, Ignore: []string{"*.bak"},
		})
		a.Roots = append(a.Roots, archive.Root{Path: r.path, Delete: r.after == "delete"})
		verify[r.path] = uploader.Root{Verify: r.verify}
	}
	if l.watcher, err = watcher.New(o); err != nil {
		return err
	}
	l.archive = archive.New(a)
	l.uploader = uploader.New(uploader.Options{
		Queue: l.queue, Bloxs: l.bloxs, Roots: verify, Barred: l.watcher.Barred, Workers: w.plan.workers, MaxSize: maxSize,
		StallTimeout: 30 * time.Second, AnswerTimeout: time.Minute, Log: w.log, Now: time.Now,
		Tried: func(queue.Class, int64, time.Duration) {},
	})
	if err := l.settleIn(); err != nil {
		return err
	}
	ctx := context.Background()
	l.watcher.Start(ctx)
	l.uploader.Start(ctx)
	l.archive.Start(ctx)
	ctx, l.unfollow = context.WithCancel(ctx)
	l.followed = make(chan struct{})
	go l.follow(ctx)
	return nil
}

const maxSize = 1 << 20

func mustParse(s string) *layout.Pattern {
	p, err := layout.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

// settleIn is what internal/app notes of each root at a start.
func (l *life) settleIn() error {
	w := l.w
	var paths []string
	for _, r := range w.roots {
		if r.skip {
			if _, err := w.store.WantBaseline(r.path); err != nil {
				return err
			}
		}
		home := store.Home{Environment: environment, Relation: "persons", Kind: "reference", Layout: pattern}
		personOf := func(string) (string, bool) { return "", false }
		if err := w.store.SetHome(r.path, home, personOf); err != nil {
			return err
		}
		paths = append(paths, r.path)
	}
	if _, err := w.store.KeepRoots(paths); err != nil {
		return err
	}
	for _, r := range w.roots {
		if err := w.store.AfterUpload(r.path, r.after != "keep"); err != nil {
			return err
		}
	}
	return nil
}

// follow tells the archive of receipts and of rescans, as internal/app does.
func (l *life) follow(ctx context.Context) {
	defer close(l.followed)
	rescans := map[string]time.Time{}
	for {
		looked, tried := l.watcher.Changed(), l.queue.Changed()
		for _, r := range l.watcher.Status() {
			if r.Online && r.LastRescan.After(rescans[r.Path]) {
				rescans[r.Path] = r.LastRescan
				l.archive.Rescanned(r.Path)
			}
		}
		l.archive.Sent()
		select {
		case <-ctx.Done():
			return
		case <-looked:
		case <-tried:
		}
	}
}

// end stops what begin has started, in the order of internal/app.
func (l *life) end() error {
	var errs []error
	if l.queue != nil {
		l.queue.Stop()
	}
	if l.uploader != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 4500*time.Millisecond)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if l.unfollow != nil {
				l.unfollow()
				<-l.followed
				l.archive.Stop()
			}
			l.watcher.Stop()
		}()
		errs = append(errs, l.uploader.Stop(ctx))
		l.queue.Abandon()
		<-stopped
		cancel()
	}
	if l.bloxs != nil {
		l.bloxs.Close()
	}
	return errors.Join(errs...)
}

// bury takes away what is left of a process that has died, and starts another.
func (w *world) bury() {
	l := w.life.Load()
	w.crashes++
	_ = l.end()
	w.store.Kill()
	w.life.Store(nil)
	survive := 0
	if n := w.store.Unsynced(); n > 0 && !chance(w.rnd, 50) {
		survive = w.rnd.IntN(n + 1)
	}
	if chance(w.rnd, 5) {
		w.tell("its ledger is lost, and rebuilt from the journal")
		w.rebuilt = true
		w.store.RebuildLedger()
	} else {
		w.store.Reopen(survive)
	}
	w.wait(time.Duration(w.rnd.Int64N(int64(pick(w.rnd, time.Second, 10*time.Second, 2*time.Minute)))))
	w.start()
}

// stop is a clean stop.
func (w *world) stop() {
	l := w.life.Load()
	if l == nil {
		return
	}
	w.tell("the process is told to stop")
	w.tally.stops++
	err := l.end()
	if l.dead.Load() {
		w.bury()
		return
	}
	if err != nil && time.Since(w.lastFull.Load().(time.Time)) > 10*time.Second {
		w.violation("a stop takes too long: %v", err)
	}
	l.watcher.Leave()
	if err := w.store.Close(); err != nil && !l.dead.Load() && !errors.Is(err, errFull) {
		w.violation("the ledger can't be closed: %v", err)
	}
	w.life.Store(nil)
	w.net.cut(l)
	w.store.Reopen(0)
}

// restart is a clean stop, and a start after a while.
func (w *world) restart() {
	w.stop()
	if w.life.Load() == nil {
		w.wait(time.Duration(w.rnd.Int64N(int64(2 * time.Minute))))
		w.start()
	}
}

func (w *world) randomly() float64 { return w.at("backoff").Float64() }

// quiet tells whether nothing is left to do without a person.
func (w *world) quiet() bool {
	counts, err := w.store.Counts()
	if err != nil || counts.Items[store.Waiting]+counts.Items[store.Sending] > 0 {
		return false
	}
	for _, r := range w.life.Load().watcher.Status() {
		if !r.Online || r.Settling > 0 || r.Paused != "" || r.Baseline != "" {
			return false
		}
	}
	return true
}

// unquiet says what is left.
func (w *world) unquiet() string {
	counts, err := w.store.Counts()
	var due []string
	for _, it := range w.store.Items() {
		if it.State == store.Waiting || it.State == store.Sending {
			due = append(due, fmt.Sprintf("%s %s %s until %v: %s", it.State, it.ID[:8], it.Rel, it.Due.Sub(w.began), it.Detail))
		}
	}
	return fmt.Sprintf("%v %v %v %+v pauses %+v", counts.Items, err, due, w.life.Load().watcher.Status(), w.life.Load().queue.Pauses())
}
