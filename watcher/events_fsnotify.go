//go:build !windows

package watcher

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// events are the file system's hints for one root, by fsnotify: a watch on
// each folder.
type events struct {
	fs     *fsnotify.Watcher
	log    *slog.Logger
	full   bool        // no watch could be added: the system's limit
	said   bool        // that was said
	broken atomic.Bool // an error came: begin anew with the next full rescan
	done   chan struct{}
}

// openEvents starts the pump, which drains events into the dirty set and does
// nothing else: adding a watch there deadlocks on some systems.
func openEvents(dir string, dirty *dirtySet, log *slog.Logger) (*events, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	e := &events{fs: fs, log: log, done: make(chan struct{})}
	go e.pump(dir, dirty)
	return e, nil
}

func (e *events) pump(dir string, dirty *dirtySet) {
	defer close(e.done)
	for {
		select {
		case ev, ok := <-e.fs.Events:
			if !ok {
				return
			}
			mark(dir, dirty, ev)
		case err, ok := <-e.fs.Errors:
			if !ok {
				return
			}
			e.log.Warn("file system events were lost, scanning everything", "err", err)
			e.broken.Store(true)
			dirty.markAll()
		}
	}
}

// mark notes the folder of what an event tells of.
func mark(dir string, dirty *dirtySet, ev fsnotify.Event) {
	rel, err := filepath.Rel(dir, ev.Name)
	if err != nil || strings.HasPrefix(rel, "..") || rel == "." {
		dirty.mark("", "")
		return
	}
	rel = filepath.ToSlash(rel)
	folder, child := parent(rel), ""
	if ev.Has(fsnotify.Create) || ev.Has(fsnotify.Chmod) {
		child = rel[strings.LastIndexByte(rel, '/')+1:]
	}
	dirty.mark(folder, child)
}

// watch asks for events of a folder. It may be called again for the same
// folder, and is at every full rescan, since a watch can get lost.
func (e *events) watch(path string) {
	if e.full {
		return
	}
	err := e.fs.Add(path)
	if err == nil || !isLimit(err) {
		return // a folder that is gone or closed to us shows when it is listed
	}
	e.full = true
	if e.said {
		return
	}
	e.said = true
	e.log.Warn("too few watches for all folders, the others wait for the next rescan",
		"err", err, "remedy", "raise the sysctl fs.inotify.max_user_watches")
}

func (e *events) forget(path string) { _ = e.fs.Remove(path) }

func (e *events) close() {
	_ = e.fs.Close()
	<-e.done
}

func isLimit(err error) bool { return errors.Is(err, errWatchLimit) }
