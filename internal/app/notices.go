package app

import (
	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/notice"
	"bloxdrop/internal/words"
)

func (a *App) newNotices() *notice.Notices {
	c := a.opts.Config
	var roots []notice.Root
	for _, w := range c.Watch {
		roots = append(roots, notice.Root{Path: w.Path, Layout: w.Pattern, Relation: w.Relation})
	}
	return notice.New(notice.Options{
		Roots: roots, Store: a.store, Queue: a.queue, Watcher: a.watcher, Dir: c.Store.Dir,
		InShare: c.Notices.InShare, Words: words.In(c.Notices.Language), Contact: c.Notices.Contact, MaxSize: int64(c.Upload.MaxSize), TooLarge: bloxs.SaidTooLarge, Said: bloxs.Said,
		Now: a.opts.Now, Log: a.opts.Log,
	})
}

// noticeNotes tell of roots in which people can't be told.
func (a *App) noticeNotes() (notes []string) {
	for _, t := range a.notices.Troubles() {
		where := t.Root
		if t.Folder != "" {
			where += ", folder " + t.Folder
		}
		notes = append(notes, "colleagues are not told what is wrong with their files: in "+where+" no notice can be written or taken away ("+t.Reason+
			"); give bloxdrop's account the right to write there, or say notices.in_share = false. Files are sent all the same")
	}
	return notes
}
