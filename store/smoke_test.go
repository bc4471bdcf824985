package store

import "testing"

func TestSmoke(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a.pdf", "A"), offer("1", "1/b.pdf", "B"), offer("1", "1/c.pdf", "A"))
	if n, f, err := b.Places("/scans", ""); err != nil || n != 0 || len(f) != 1 || f[0] != "1" {
		t.Fatal(n, f, err)
	}
	if n, f, err := b.Places("/scans", "1"); err != nil || n != 3 || len(f) != 0 {
		t.Fatal(n, f, err)
	}
	it := b.take()
	if it.Places != 2 && it.Places != 1 {
		t.Fatal(it)
	}
	b.send("1/a.pdf", 17)
	b.must(b.OpenGate(b.at("1/b.pdf").ID, Place{Root: "/scans", Rel: "1/b.pdf"}))
	b.kill()
	b.open()
	if it := b.at("1/a.pdf"); it.State != Sent || it.FileID != 17 {
		t.Fatalf("%+v", it)
	}
	if it := b.at("1/b.pdf"); it.State != Sending {
		t.Fatalf("%+v", it)
	}
	b.reopen()
	if c, err := b.Counts(); err != nil || c.Items[Sent] != 1 || c.Items[Sending] != 1 || c.Places != 3 || c.Placed != 2 {
		t.Fatalf("%+v %v", c, err)
	}
}
