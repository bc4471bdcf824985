package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListPages(t *testing.T) {
	b := newBench(t)
	for i := range 7 {
		b.offer(offer("1", fmt.Sprint("w", i), fmt.Sprint("w", i)), offer("1", fmt.Sprint("s", i), fmt.Sprint("s", i)))
		b.send(fmt.Sprint("s", i), int64(i+1))
		b.now = b.now.Add(time.Second)
	}
	for _, state := range []State{Waiting, Sent} {
		for n := 1; n < 9; n++ {
			var rels []string
			pages := 0
			for after := ""; after != "" || pages == 0; pages++ {
				p, err := b.List(state, after, n)
				b.must(err)
				for _, it := range p.Items {
					rels = append(rels, it.Rel[1:])
				}
				after = p.Next
			}
			if !slices.Equal(rels, []string{"0", "1", "2", "3", "4", "5", "6"}) || pages != (7+n-1)/n {
				t.Fatalf("%s by %d: %v in %d pages", state, n, rels, pages)
			}
		}
	}
	// What leaves the list between two pages does not take others along.
	p, err := b.List(Waiting, "", 3)
	b.must(err)
	b.send("w3", 9)
	if p, err = b.List(Waiting, p.Next, 3); err != nil || p.Items[0].Rel != "w4" || p.Next != "" {
		t.Fatalf("%+v %v", p, err)
	}
	if _, err := b.List(Waiting, "nonsense", 3); err == nil {
		t.Fatal("a page behind nonsense")
	}
}

func TestBelow(t *testing.T) {
	b := newBench(t)
	all := []string{"1/a", "1/b", "1/sub/c", "1/sub/sub/d", "1 b/e", "12/f"}
	for _, rel := range all {
		b.offer(offer("1", rel, rel))
	}
	for rel, want := range map[string][]string{
		"": {"1/a", "1/b", "1/sub/c", "1/sub/sub/d", "1 b/e", "12/f"}, "1": {"1/a", "1/b", "1/sub/c", "1/sub/sub/d"},
		"1/sub": {"1/sub/c", "1/sub/sub/d"}, "1/a": {"1/a"}, "1/sub/c": {"1/sub/c"}, "1/s": nil, "2": nil,
	} {
		for n := 1; n < 8; n++ {
			var rels []string
			for after, first := "", true; after != "" || first; first = false {
				p, err := b.Below("/scans", rel, after, n)
				b.must(err)
				for _, it := range p.Items {
					rels = append(rels, it.Rel)
				}
				after = p.Next
			}
			if !slices.Equal(rels, want) {
				t.Errorf("below %q by %d: %q", rel, n, rels)
			}
		}
	}
	if p, err := b.Below("/elsewhere", "", "", 5); err != nil || p.Items != nil {
		t.Fatal(p, err)
	}
	if _, err := b.Below("/scans", "", "nonsense", 5); err == nil {
		t.Fatal("a page behind nonsense")
	}
}

func TestFind(t *testing.T) {
	b := newBench(t)
	b.large = true
	for i := range 50 {
		b.offer(offer("1", fmt.Sprint(i), fmt.Sprint(i)))
	}
	id := string(b.at("7").ID)
	for _, prefix := range []string{id, id[:8], id[:9], id[:23], strings.ToUpper(id)} {
		if it, err := b.Find(prefix); err != nil || it.Rel != "7" {
			t.Errorf("%q: %+v %v", prefix, it, err)
		}
	}
	for _, prefix := range []string{"", id[:7], "00000000", id + "0", id + "00", "not hexadecimal", "xyz", id[:8] + "zz"} {
		if it, err := b.Find(prefix); !errors.Is(err, ErrNoItem) {
			t.Errorf("%q: %+v %v", prefix, it, err)
		}
	}
}

func TestOldestWaiting(t *testing.T) {
	b := newBench(t)
	begin := b.now
	b.offer(offer("1", "a", "a"))
	b.now = b.now.Add(time.Hour)
	b.offer(offer("1", "b", "b"))
	if c := b.counts(); !c.Oldest.Equal(begin) {
		t.Fatal(c)
	}
	b.send("a", 1)
	if c := b.counts(); !c.Oldest.Equal(b.now) {
		t.Fatal(c)
	}
}
