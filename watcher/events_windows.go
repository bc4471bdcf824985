package watcher

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	// More than 64 KB is refused on network shares.
	changesBuffer = 64 << 10
	// Attributes and rights wait for the next rescan: a backup may change them all.
	changesKinds = windows.FILE_NOTIFY_CHANGE_FILE_NAME | windows.FILE_NOTIFY_CHANGE_DIR_NAME |
		windows.FILE_NOTIFY_CHANGE_SIZE | windows.FILE_NOTIFY_CHANGE_LAST_WRITE
)

// events are the file system's hints for one root, by one handle on the root
// that tells of everything below. A handle on each folder, as fsnotify has,
// would keep colleagues from renaming the folder above.
type events struct {
	handle windows.Handle
	io     windows.Overlapped
	stop   windows.Handle // an event: close was called
	buf    []uint32       // aligned; Windows writes into it while a read is pending
	log    *slog.Logger
	full   bool        // never: one handle sees all
	broken atomic.Bool // an error came: begin anew with a full rescan
	done   chan struct{}
}

// openEvents starts the pump, which drains changes into the dirty set and does
// nothing else.
func openEvents(dir string, dirty *dirtySet, log *slog.Logger) (_ *events, err error) {
	e := &events{log: log, buf: make([]uint32, changesBuffer/4), done: make(chan struct{})}
	e.handle, err = openHandle(dir, windows.FILE_LIST_DIRECTORY, shareAll, windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OVERLAPPED)
	if err != nil {
		return nil, err
	}
	if e.io.HEvent, err = windows.CreateEvent(nil, 1, 0, nil); err == nil {
		if e.stop, err = windows.CreateEvent(nil, 1, 0, nil); err == nil {
			err = e.ask()
		}
	}
	if err != nil {
		e.release()
		return nil, fmt.Errorf("events of %s: %w", dir, err)
	}
	go e.pump(dirty)
	return e, nil
}

// ask lets Windows gather the next changes. From the first time on it keeps
// those that come while nobody asks.
func (e *events) ask() error {
	err := windows.ReadDirectoryChanges(e.handle, (*byte)(unsafe.Pointer(&e.buf[0])), changesBuffer, true, changesKinds, nil, &e.io, 0)
	if errors.Is(err, windows.ERROR_IO_PENDING) {
		return nil
	}
	return err
}

func (e *events) pump(dirty *dirtySet) {
	defer close(e.done)
	for {
		which, err := windows.WaitForMultipleObjects([]windows.Handle{e.stop, e.io.HEvent}, false, windows.INFINITE)
		var n uint32
		stop := err == nil && which == windows.WAIT_OBJECT_0
		if stop || err != nil {
			_ = windows.CancelIoEx(e.handle, &e.io)
			_ = windows.GetOverlappedResult(e.handle, &e.io, &n, true) // until Windows has let go of the buffer
		}
		if stop {
			return
		}
		if err == nil {
			err = windows.GetOverlappedResult(e.handle, &e.io, &n, false)
		}
		switch {
		case err == nil && n > 0:
			e.mark(dirty, unsafe.Slice((*byte)(unsafe.Pointer(&e.buf[0])), n))
		case err == nil, errors.Is(err, windows.ERROR_NOTIFY_ENUM_DIR):
			e.log.Warn("more happened at once than Windows could tell of, scanning everything")
			dirty.markAll()
			err = nil
		}
		if err == nil {
			err = e.ask()
		}
		if err != nil {
			e.log.Warn("file system events were lost, scanning everything", "err", err)
			e.broken.Store(true)
			dirty.markAll()
			return
		}
	}
}

// mark notes the folders of what a buffer of changes tells of.
func (e *events) mark(dirty *dirtySet, changes []byte) {
	for changes != nil {
		action, name, rest, ok := nextChange(changes)
		if !ok {
			dirty.markAll()
			return
		}
		markChange(dirty, action, filepath.ToSlash(syscall.UTF16ToString(name)))
		changes = rest
	}
}

func (e *events) watch(string)  {}
func (e *events) forget(string) {}

func (e *events) close() {
	_ = windows.SetEvent(e.stop)
	<-e.done
	e.release()
}

func (e *events) release() {
	for _, h := range []windows.Handle{e.handle, e.io.HEvent, e.stop} {
		if h != 0 {
			_ = windows.CloseHandle(h)
		}
	}
}
