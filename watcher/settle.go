package watcher

import (
	"container/heap"
	"log/slog"
	"strings"
	"sync"
	"time"

	"bloxdrop/store"
)

const (
	maxSettling    = 16384           // files followed in a root at once; a rescan brings the others
	incompleteWait = 5 * time.Minute // more, for a document that lacks its end
	longSettling   = time.Hour       // then a person has to look
	maxRetry       = time.Minute     // between two tries to read a file
)

// stage is how far a settling file has come.
type stage int

const (
	watching stage = iota // looked at now and then
	ready                 // settled, to be hashed
	taken                 // being hashed and offered
)

// entry is one file that settles.
type entry struct {
	rel        string
	look       store.Look
	item       store.ItemID // of which the path is a place
	known      bool         // the queue has it as a place
	again      bool         // and as it is: it is only read once more, and goes on being that place
	first      time.Time    // when it was first seen to settle
	since      time.Time    // when this look was first seen
	next       time.Time    // when to look again
	equal      int          // looks that equalled the first
	changes    int
	stage      stage
	incomplete time.Time // until when it waits for its end; zero where it is whole
	retry      time.Duration
	stuck      string // why it could not be read or offered
	copied     bool   // it is no document, but a copy of ours: it counts as ignored
	warned     bool   // of its long settling
	index      int    // in the heap; -1 outside
}

// hugeFile is more than any document has. To read one may take an hour.
const hugeFile = 64 << 20

// lane is one of two ways to a hash loop: what is huge has one of its own, so
// that it keeps nobody else's files waiting.
type lane struct {
	ready []*entry      // guarded by the set's mu
	work  chan struct{} // something is ready
}

func (s *settleSet) laneOf(size int64) *lane {
	if size > hugeFile {
		return &s.huge
	}
	return &s.usual
}

// settleSet follows the files of one root until they are offered. It is
// bounded, and safe for concurrent use.
type settleSet struct {
	root   string
	settle time.Duration
	max    int
	log    *slog.Logger
	now    func() time.Time

	wake chan struct{} // for the settle loop: something is due earlier
	room chan struct{} // for the scan loop: postponed files find room

	mu        sync.Mutex
	entries   map[string]*entry
	due       dueHeap
	usual     lane
	huge      lane
	copies    int // of the entries, which take nobody's room
	postponed int // files beyond the bound, as the last scan counted them
}

func newSettleSet(root string, settle time.Duration, o Options) *settleSet {
	s := &settleSet{
		root: root, settle: settle, max: o.settlers, now: o.Now,
		log:     o.Log.With("root", root),
		wake:    make(chan struct{}, 1),
		usual:   lane{work: make(chan struct{}, 1)},
		huge:    lane{work: make(chan struct{}, 1)},
		room:    make(chan struct{}, 1),
		entries: map[string]*entry{},
	}
	if s.max == 0 {
		s.max = maxSettling
	}
	return s
}

// see is told that a scan found a file that is no unchanged place. It is not
// ok where the set has no room.
func (s *settleSet) see(rel string, look store.Look, k store.Known) (isNew, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	e := s.entries[rel]
	if e == nil {
		if s.settling() >= s.max {
			return false, false
		}
		e = &entry{rel: rel, look: look, first: now, since: now, next: now.Add(s.settle / 2), index: -1}
		s.entries[rel] = e
		s.schedule(e)
		isNew = true
	} else if e.look != look {
		s.restart(e, look, now)
	}
	e.known, e.item, e.again = k.Found, k.Item, k.Found && k.Look == look && !e.copied
	return isNew, true
}

// restart lets a file that has changed settle anew.
func (s *settleSet) restart(e *entry, look store.Look, now time.Time) {
	e.look, e.since, e.next = look, now, now.Add(s.settle/2)
	e.equal, e.incomplete, e.retry, e.stuck = 0, time.Time{}, 0, ""
	e.changes++
	e.again = false
	s.copied(e, false)
	s.watch(e)
}

// watch has an entry looked at again at e.next.
func (s *settleSet) watch(e *entry) {
	e.stage = watching
	s.schedule(e)
}

func (s *settleSet) schedule(e *entry) {
	if e.index >= 0 {
		heap.Fix(&s.due, e.index)
	} else {
		heap.Push(&s.due, e)
	}
	if s.due[0] == e {
		poke(s.wake)
	}
}

// forget is told that nothing settles at rel.
func (s *settleSet) forget(rel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[rel]; e != nil {
		s.remove(e)
	}
}

// forgetBelow is told that the folder dir is gone; "" is all.
func (s *settleSet) forgetBelow(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rel, e := range s.entries {
		if dir == "" || strings.HasPrefix(rel, dir+"/") {
			s.remove(e)
		}
	}
}

func (s *settleSet) remove(e *entry) {
	delete(s.entries, e.rel)
	s.copied(e, false)
	if e.index >= 0 {
		heap.Remove(&s.due, e.index)
	}
	s.refill()
}

// expect is told by each scan how many files found no room.
func (s *settleSet) expect(postponed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postponed = postponed
	s.refill()
}

func (s *settleSet) refill() {
	if s.postponed > 0 && s.settling() <= s.max/2 {
		poke(s.room)
	}
}

func (s *settleSet) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.max - s.settling()
}

// settling is how many entries take room.
func (s *settleSet) settling() int { return len(s.entries) - s.copies }

// copied notes whether an entry is a copy.
func (s *settleSet) copied(e *entry, is bool) {
	switch {
	case is && !e.copied:
		s.copies++
	case !is && e.copied:
		s.copies--
	}
	e.copied = is
}

// counts leaves out what is only read again. The copies are not among all.
func (s *settleSet) counts() (all, known, copies int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		switch {
		case e.again:
		case e.copied:
			copies++
		default:
			all++
			if e.known {
				known++
			}
		}
	}
	return all, known, copies
}

// canSettle says whether a file settles that may do so without anybody's help.
func (s *settleSet) canSettle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if !e.again && !e.copied && e.stuck == "" && (e.stage != watching || e.changes < 2) {
			return true
		}
	}
	return false
}

// dueHeap orders watched entries by when to look at them.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].next.Before(h[j].next) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = -1
	return e
}
