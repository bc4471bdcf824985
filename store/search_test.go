package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

func (b *bench) found(text string) (rels []string) {
	b.t.Helper()
	for after := ""; ; {
		s, err := b.ItemsLike(b.t.Context(), text, after, 2)
		b.must(err)
		for _, it := range s.Items {
			rels = append(rels, it.Rel)
		}
		if after = s.Next; after == "" {
			slices.Sort(rels)
			return rels
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1001", "1001 - Jansen/Lease 2026.pdf", "a"), offer("1002", "1002 - Yılmaz/José's payslip.pdf", "b"),
		offer("1003", "1003 - Jansen/payslip.pdf", "c"), offer("1004", "1004/x\xff.pdf", "d"), offer("1005", "1005/Lease again.pdf", "e"))
	b.send("1003 - Jansen/payslip.pdf", 77)
	b.must(b.PersonFound(person("1001"), []string{"A. Jansen", "a@jansen.example"}))
	b.must(b.PersonFound(person("1002"), []string{"Zoë Yılmaz"}))
	b.must(b.flushed())
	for text, want := range map[string][]string{
		"JANSEN": {"1001 - Jansen/Lease 2026.pdf", "1003 - Jansen/payslip.pdf"}, "jose payslip": {"1002 - Yılmaz/José's payslip.pdf"},
		"payslip jansen": {"1003 - Jansen/payslip.pdf"}, "nobody": nil, "": nil, "  ": nil, ".pdf 1004": {"1004/x\xff.pdf"},
		"yılmaz": {"1002 - Yılmaz/José's payslip.pdf"},
	} {
		if got := b.found(text); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"1001": "1001", "jansen": "1001", "zoe": "1002", "100": "1001 1002 1003 1004 1005"} {
		persons, all, err := b.PersonsLike(t.Context(), text, 9)
		b.must(err)
		var ids []string
		for _, p := range persons {
			ids = append(ids, p.Key.ID)
		}
		if got := fmt.Sprint(ids); got != "["+want+"]" || !all {
			t.Errorf("%q finds persons %s, want %s", text, got, want)
		}
	}
	newest, err := b.NewestLike(t.Context(), Sent, "jansen", 9, 9)
	if err != nil || len(newest) != 1 || newest[0].FileID != 77 {
		t.Errorf("the newest are %+v, %v", newest, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, all, err := b.PersonsLike(ended, "jansen", 9); all || err != nil {
		t.Errorf("a search that was ended says that it saw all: %v", err)
	}
	items, err := b.ItemsOf(person("1003"), 9)
	if err != nil || len(items) != 1 {
		t.Errorf("%+v, %v", items, err)
	}
}

// flushed lets who reads beside the open transaction see all.
func (b *bench) flushed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.commit()
}

func TestReceiptsByHour(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.now = time.Date(2026, 11, 24, 9, 59, 0, 0, time.UTC)
	for i, gap := range []time.Duration{0, 30 * time.Second, time.Minute, 2 * time.Hour} {
		b.now = b.now.Add(gap)
		rel := fmt.Sprintf("1001/%d.pdf", i)
		b.offer(offer("1001", rel, rel))
		b.send(rel, int64(50+i))
	}
	hours, err := b.Hours(time.Time{})
	b.must(err)
	want := []Hour{{time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 2}, {time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), 1}, {time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), 1}}
	if !slices.EqualFunc(hours, want, func(a, b Hour) bool { return a.At.Equal(b.At) && a.Files == b.Files }) {
		t.Errorf("%v, want %v", hours, want)
	}
	if hours, err := b.Hours(b.now); err != nil || len(hours) != 1 {
		t.Errorf("of the last hour: %v, %v", hours, err)
	}
	if at, err := b.LastDue(); err != nil || !at.IsZero() {
		t.Errorf("with nothing waiting the last is due at %s, %v", at, err)
	}
	b.offer(offer("1001", "1001/later.pdf", "later"), offer("1002", "1002/later.pdf", "later"))
	for _, d := range []time.Duration{10 * time.Minute, time.Minute} {
		b.must(b.NotStored(b.take().ID, Try{Due: b.now.Add(d)}))
	}
	if at, err := b.LastDue(); err != nil || !at.Equal(b.now.Add(10*time.Minute)) {
		t.Errorf("the last is due at %s, %v", at, err)
	}
	p, err := b.Newest(Sent, "", 3)
	b.must(err)
	rest, err := b.Newest(Sent, p.Next, 3)
	b.must(err)
	if len(p.Items) != 3 || p.Items[0].FileID != 53 || len(rest.Items) != 1 || rest.Items[0].FileID != 50 || rest.Next != "" {
		t.Errorf("%+v, then %+v", p, rest)
	}
}

// FuzzTextIn: whatever a record holds, the short way to a text finds what the
// decoder finds, or nothing.
func FuzzTextIn(f *testing.F) {
	for _, it := range []Item{
		{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", Person: person("1001"), Size: 1 << 40, State: Sent, FileID: 1 << 60, SentAt: time.Unix(1e9, 0), Root: "/scans", Rel: "1001/x.pdf"},
		{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", State: Waiting, Rel: string(make([]byte, 300)), turn: 7, Base: "x"},
	} {
		raw, err := encode(recordOf(it))
		if err != nil {
			f.Fatal(err)
		}
		body, err := checkRecord(raw)
		if err != nil {
			f.Fatal(err)
		}
		if rel, ok := textIn(body, relField); !ok || string(rel) != it.Rel {
			f.Fatalf("finds %q, %t in %+v", rel, ok, it)
		}
		f.Add(body)
	}
	once, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, DupMapKey: cbor.DupMapKeyEnforcedAPF}.DecMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rel, ok := textIn(body, relField)
		var r itemRecord
		if err := once.Unmarshal(body, &r); ok && err == nil && string(rel) != r.Rel {
			t.Errorf("finds %q, the decoder %q", rel, r.Rel)
		}
	})
}
