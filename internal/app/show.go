package app

import (
	"context"
	"errors"

	"bloxdrop/internal/web"
	"bloxdrop/internal/words"
)

// showPage begins to show the page, where the config wants one. That it can't
// be shown keeps nothing from being sent: log and status say so.
func (a *App) showPage() {
	c := a.opts.Config
	if c.Web.Listen == "" {
		return
	}
	page, err := web.Serve(web.Options{
		App: a, Listen: c.Web.Listen, TLSCert: c.Web.TLSCert, TLSKey: c.Web.TLSKey, PasswordFile: c.Web.PasswordFile,
		Words: words.In(c.Notices.Language), Open: a.openHandlers(), Now: a.opts.Now, Log: a.opts.Log,
	})
	a.pageMu.Lock()
	defer a.pageMu.Unlock()
	if a.page = page; err != nil {
		a.noPage = err.Error()
		a.opts.Log.Error("the page can't be shown; files are sent all the same", "err", err)
	}
}

func (a *App) pageShown() *web.Server {
	a.pageMu.Lock()
	defer a.pageMu.Unlock()
	return a.page
}

// pageNotes say why the page can't be shown.
func (a *App) pageNotes() []string {
	a.pageMu.Lock()
	defer a.pageMu.Unlock()
	why := a.noPage
	if a.page != nil {
		why = a.page.Trouble()
	}
	if why == "" {
		return nil
	}
	return []string{"the page can't be shown: " + why + "; see [web] in config.toml. Files are sent all the same"}
}

// OpenPage gives a link that signs one browser in as who, once and soon.
func (a *App) OpenPage(_ context.Context, who string) (string, error) {
	page := a.pageShown()
	switch {
	case a.opts.Config.Web.Listen == "":
		return "", errors.New(`there is no page: web.listen is "" in config.toml`)
	case a.began.IsZero():
		return "", errors.New("bloxdrop is not running, so there is no page: start it first")
	case page == nil:
		a.pageMu.Lock()
		defer a.pageMu.Unlock()
		return "", errors.New("the page can't be shown: " + a.noPage)
	}
	return page.Link(who)
}
