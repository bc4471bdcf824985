package notice

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

const (
	renewed     = time.Hour        // at the latest
	countedAnew = 15 * time.Minute // where nothing but a number of delivered files has changed
	longPause   = 5 * time.Minute  // shorter ones are nobody's business
	foldersTold = 100
)

// page is the page as it was last written.
type page struct {
	matters string // what wakes somebody
	today   string
	info    fs.FileInfo
	at      time.Time
}

// pageView is what the page shows. It names folders, and no file.
type pageView struct {
	Lang, Title, Head, Level       string
	Paused, PausedDo, Ask          string
	Today, Held                    int
	TodayNumber, HeldNumber        string
	TodayWhat, HeldWhat            string
	FoldersHead, FoldersSay        string
	Folders                        []folderView
	More                           []string
	Looked, Written, Late, LateAsk string
	Until                          int64 // when it is out of date, in ms since 1970
}

type folderView struct{ Name, Why, Files string }

// seePage has the page stand at the root's top, if it is wanted. It is written
// when it would say something new of what is wrong; what only counts up, and
// the time of the last look, would wake every colleague's sync client each
// minute, and waits.
func (r *root) seePage(base *os.Root, p *picture, is watcher.RootStatus, again bool) error {
	if !r.InShare {
		return r.removePage(base)
	}
	now := r.Now()
	v := r.view(p, is, now)
	matters := fmt.Sprint(v.Head, v.Paused, v.Held, v.Folders, v.More)
	age := now.Sub(r.page.at).Abs()
	due := r.page.matters != matters || age >= renewed
	if again && !due {
		info, err := base.Lstat(watcher.PageName)
		due = err != nil || !same(r.page.info, info)
	}
	if !due && age < countedAnew {
		return nil
	}
	if r.page.matters != "" && age < putOff {
		r.soon = true
		return nil
	}
	today, err := r.today(now)
	if err != nil {
		return err
	}
	r.count(&v, today, now)
	if !due && r.page.today == v.TodayNumber+v.TodayWhat {
		return nil
	}
	return r.putPage(base, v, matters, now)
}

func (r *root) putPage(base *os.Root, v pageView, matters string, now time.Time) error {
	how := write
	stands, ours, err := read(base, watcher.PageName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		how = create
	case err != nil: // nobody can tell whose it is
		return err
	case !ours && stands != "":
		return fmt.Errorf("%q is there, and not bloxdrop's", watcher.PageName)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return err
	}
	info, err := how(base, watcher.PageName, b.Bytes())
	if err != nil {
		return err
	}
	r.page = page{matters: matters, today: v.TodayNumber + v.TodayWhat, info: info, at: now}
	return nil
}

func (r *root) removePage(base *os.Root) error {
	if _, ours, err := read(base, watcher.PageName); err != nil || !ours {
		return nil
	}
	if err := base.Remove(watcher.PageName); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (r *root) view(p *picture, is watcher.RootStatus, now time.Time) pageView {
	w := r.Words
	v := pageView{
		Lang: w.Language(), Title: w.Say("share.title"), Head: w.Say("share.good"), Level: "good", Ask: w.Say("notice.ask", r.contact()),
		Looked: w.Say("share.looked", r.moment(is.LastRescan)), Written: w.Say("share.written", r.moment(now), r.moment(now.Add(renewed))),
		Late: w.Say("share.late"), Until: now.Add(renewed + 10*time.Minute).UnixMilli(), Held: p.beyond,
	}
	for _, f := range p.folders {
		v.Held += f.files()
	}
	r.listFolders(&v, p, is)
	if n := len(p.folders); n > 0 {
		v.Head, v.Level = w.Say("share.need", n), "mind"
	}
	if pause, long := r.pause(now); long {
		v.Head, v.Level = w.Say("share.paused"), "bad"
		v.Paused = w.Say("share.paused.why", w.Say("pause."+pause.Cause), r.moment(pause.Since))
		v.PausedDo = w.Say("share.paused.do")
	}
	return v
}

// pause is the one that has kept everything back longest.
func (r *root) pause(now time.Time) (p queue.Pause, long bool) {
	for _, p := range r.Queue.Pauses() {
		if now.Sub(p.Since).Abs() >= longPause {
			return p, true
		}
	}
	return p, false
}

func (r *root) listFolders(v *pageView, p *picture, is watcher.RootStatus) {
	w := r.Words
	list := slices.SortedFunc(maps.Values(p.folders), func(a, b *folder) int { return strings.Compare(a.rel, b.rel) })
	if len(list) > 0 {
		v.FoldersHead, v.FoldersSay = w.Say("share.folders"), w.Say("share.says")
	}
	for _, f := range list[:min(len(list), foldersTold)] {
		name := visible(cutStart(f.rel, longPath))
		if name == "" {
			name = w.Say("share.here")
		}
		var why []string
		for _, c := range causes() {
			if f.matters[c] != nil {
				why = append(why, w.Say("share.why."+string(c)))
			}
		}
		v.Folders = append(v.Folders, folderView{name, strings.Join(why, ". "), w.Say("share.files", f.files())})
	}
	if more := len(list) - foldersTold; more > 0 {
		v.More = append(v.More, w.Say("share.more", more))
	}
	if p.beyond > 0 {
		v.More = append(v.More, w.Say("share.beyond", p.beyond))
	}
	if is.Unreadable > 0 {
		v.More = append(v.More, w.Say("share.unreadable", is.Unreadable))
	}
}

func (r *root) count(v *pageView, today int, now time.Time) {
	w := r.Words
	v.TodayNumber, v.TodayWhat = w.Number(today), w.Say("share.today", today, w.Day(now, time.Time{}))
	v.HeldNumber, v.HeldWhat = w.Number(v.Held), w.Say("number.held")
}

// today counts what of this root was delivered since midnight.
func (r *root) today(now time.Time) (n int, err error) {
	y, m, d := now.Local().Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.Local)
	for it, err := range store.All(func(before string) (store.Page, error) { return r.Store.Newest(store.Sent, before, pageSize) }) {
		if err != nil || it.SentAt.Before(midnight) {
			return n, err
		}
		if it.Root == r.Path {
			n++
		}
	}
	return n, nil
}

// moment names a time in full, since the page may be read days later.
func (r *root) moment(t time.Time) string {
	return r.Words.Say("at.day", t.Local().Format("15:04"), r.Words.Day(t, time.Time{}))
}
