package e2e

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bloxdrop/internal/bloxs/bloxstest"
)

// chromium is one browser for all tests of the page; each has a window without
// anybody else's cookies in it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

func openBrowser() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		chromium.err = err
		return
	}
	alloc, end := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Env("TZ=Europe/Amsterdam"))
	chromium.ctx, _ = chromedp.NewContext(alloc)
	chromium.end = func() {
		_ = chromedp.Cancel(chromium.ctx) // waits for it
		end()
	}
	chromium.err = chromedp.Do(chromium.ctx)
}

func closeBrowser() {
	if chromium.end != nil {
		chromium.end()
	}
}

// window is a page in the browser.
type window struct {
	t   testing.TB
	ctx context.Context
}

func newWindow(t testing.TB) *window {
	t.Helper()
	chromium.once.Do(openBrowser)
	if chromium.err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the page's tests need chromium: ", chromium.err)
		}
		t.Skip("no chromium: ", chromium.err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, 2*patience)
	t.Cleanup(end)
	return &window{t: t, ctx: ctx}
}

type pageStep = chromedp.Action[chromedp.Void]

func (w *window) do(steps ...pageStep) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		text, _ := look[string](w, `document.title + "\n" + document.body.innerText`)
		w.t.Fatalf("%v\nthe page says: %s", err, text)
	}
}

// look is the value of an expression in the page; a promise is awaited.
func look[T any](w *window, expression string) (T, error) {
	return chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// shows waits until the page says this. A page that is just being left has no
// answer, so that it is asked again.
func (w *window) shows(text string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		says, err := look[string](w, `document.body.innerText`)
		if err == nil && strings.Contains(says, text) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the page does not say %q, but (%v): %s", text, err, says)
		}
	}
}

func (w *window) says() string {
	w.t.Helper()
	text, err := look[string](w, `document.body.innerText`)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// click clicks the button with these words, when it is there.
func (w *window) click(words string) {
	w.t.Helper()
	w.do(chromedp.Click(`//button[normalize-space()="` + words + `"]`))
}

// newPageOffice is an office whose page can be had.
func newPageOffice(t testing.TB, opts bloxstest.Options, replace ...string) *office {
	return newOffice(t, opts, append([]string{`listen = ""`, `listen = "127.0.0.1:0"`}, replace...)...)
}

// link is what `bloxdrop open` prints, once the page is there.
func (o *office) link() string {
	o.t.Helper()
	return strings.TrimSpace(o.run("open", "--print"))
}

// open opens the page as a person does.
func (o *office) open(w *window) {
	o.t.Helper()
	w.do(chromedp.Navigate(o.link()), chromedp.WaitVisible(chromedp.CSS(`#part-headline h1`)))
}

// theme is what the person's system prefers.
type theme string

// themes are the two.
func themes(yield func(theme) bool) { _ = yield("light") && yield("dark") }

// prefer makes the browser say so.
func (w *window) prefer(t theme) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: string(t)}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// goTo opens another page of the same site.
func (w *window) goTo(path string) {
	w.t.Helper()
	origin, err := look[string](w, `location.origin`)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.Navigate(origin + path))
}
