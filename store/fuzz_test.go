package store

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func someLines(t testing.TB) (all []byte) {
	key := person("12")
	for i, ln := range []line{
		{Op: opLedger, Ledger: "L", Salt: "S"},
		{Op: opGate, Item: "0123456789abcdef01234567", Person: &key, SHA256: strings.Repeat("ab", 32), Size: 9, Root: "/scans", Path: "12/\xff\n.pdf"},
		{Op: opReceipt, Item: "0123456789abcdef01234567", FileID: -1 << 63},
		{Op: opUncertain, Item: "0123456789abcdef01234567", Cause: "502 <html>", Again: true},
	} {
		ln.Seq, ln.At = uint64(i+1), time.Unix(int64(i), 1).UTC()
		b, err := encodeLine(ln)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// FuzzDecodeLine: what can be read can be written again and means the same.
func FuzzDecodeLine(f *testing.F) {
	for part := range bytes.Lines(someLines(f)) {
		f.Add(bytes.TrimSuffix(part, []byte("\n")))
	}
	f.Add([]byte(crcHead + "00000000" + crcTail))
	f.Fuzz(func(t *testing.T, raw []byte) {
		read := func(raw []byte) {
			ln, err := decodeLine(raw)
			if err != nil {
				if !errors.Is(err, errLine) {
					t.Fatal(err)
				}
				return
			}
			b, err := encodeLine(ln)
			if err != nil {
				return // a time that no clock shows
			}
			again, err := decodeLine(bytes.TrimSuffix(b, []byte("\n")))
			ln.Cause = again.Cause // is cut
			if err != nil || !reflect.DeepEqual(again, ln) {
				t.Fatalf("%+v\n%+v\n%v", ln, again, err)
			}
		}
		read(raw)
		if len(raw) > crcLen { // and once with the checksum that it ought to have
			read(sealed(raw[crcLen:]))
		}
	})
}

func sealed(rest []byte) []byte {
	return fmt.Appendf(nil, "%s%08x%s%s", crcHead, castagnoli(rest), crcTail, rest)
}

// FuzzReadLines cuts, and breaks, a sound journal anywhere.
func FuzzReadLines(f *testing.F) {
	whole := someLines(f)
	for cut := range whole {
		if cut%17 == 0 {
			f.Add(cut, 0, byte(0), []byte{})
		}
	}
	f.Add(len(whole), 30, byte(1), []byte("tail"))
	f.Add(len(whole), len(whole)-1, byte('\n'), bytes.Repeat([]byte{'x'}, 9000))
	f.Fuzz(func(t *testing.T, cut, at int, flip byte, tail []byte) {
		if cut < 0 || cut > len(whole) || at < 0 {
			return
		}
		b := bytes.Clone(whole[:cut])
		if at < len(b) {
			b[at] ^= flip
		}
		b = append(b, tail...)
		var sound []byte
		last, torn, damaged, err := readLines(bytes.NewReader(b), position{}, func(raw []byte, pos position) error {
			if pos.End-pos.Start != int64(len(raw))+1 || pos.Start != int64(len(sound)) {
				t.Fatalf("%+v for %d bytes", pos, len(raw))
			}
			sound = append(append(sound, raw...), '\n')
			return nil
		})
		if err != nil || int(last.End) != len(sound) || !bytes.HasPrefix(b, sound) || int(last.Seq) != bytes.Count(sound, []byte("\n")) {
			t.Fatalf("%+v of %d bytes, %v", last, len(sound), err)
		}
		if torn != (len(sound) < len(b)) || damaged && !torn {
			t.Fatalf("torn %v, damaged %v at %d of %d", torn, damaged, len(sound), len(b))
		}
		if at >= len(b) || flip == 0 { // only torn: all whole lines are found
			if whole := b[:bytes.LastIndexByte(b[:cut], '\n')+1]; len(tail) == 0 && (len(sound) != len(whole) || damaged) {
				t.Fatalf("%d bytes are sound, %d found, damaged %v", len(whole), len(sound), damaged)
			}
		}
	})
}

// FuzzDecodeRecord: no bytes panic, and what is read was written.
func FuzzDecodeRecord(f *testing.F) {
	for _, v := range []any{itemRecord{State: Sent, Rel: "\xff"}, placeRecord{Rel: "a"}, personRecord{Names: []string{"x"}}, meta{Items: map[State]int{Sent: 1}}} {
		b, err := encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[1 : len(b)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if decode(body, &meta{}) == nil {
			t.Log("a whole record by chance")
		}
		raw := append([]byte{recordVersion}, body...)
		sum := castagnoli(raw)
		raw = append(raw, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
		for _, v := range []any{&itemRecord{}, &placeRecord{}, &personRecord{}, &meta{}} {
			if err := decode(raw, v); err != nil {
				if !errors.Is(err, errRecord) {
					t.Fatal(err)
				}
				continue
			}
			b, err := encode(v)
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := decode(b, again); err != nil || !reflect.DeepEqual(normal(v), normal(again)) {
				t.Fatalf("%+v\n%+v\n%v", v, again, err)
			}
		}
		raw[len(raw)/2] ^= 1
		if decode(raw, &meta{}) == nil {
			t.Fatal("a flipped bit was not noticed")
		}
	})
}

// normal makes no difference between an empty list and none.
func normal(v any) any {
	switch r := v.(type) {
	case *itemRecord:
		r.SHA256 = append([]byte{}, r.SHA256...)
	case *placeRecord:
		r.Item = append([]byte{}, r.Item...)
	case *personRecord:
		r.Names, r.Confirmed = append([]string{}, r.Names...), append([]string{}, r.Confirmed...)
	}
	return v
}

// walkOrder is how a walk meets two paths: part by part, in each folder its
// files before its folders.
func walkOrder(a, b string) int {
	pa, pb := strings.Split(a, "/"), strings.Split(b, "/")
	for i := 0; ; i++ {
		lastA, lastB := i == len(pa)-1, i == len(pb)-1
		switch {
		case lastA != lastB && lastA:
			return -1
		case lastA != lastB:
			return 1
		case pa[i] != pb[i] || lastA:
			return strings.Compare(pa[i], pb[i])
		}
	}
}

func wholePath(rel string) bool {
	for part := range strings.SplitSeq(rel, "/") {
		if part == "" {
			return false
		}
	}
	return Fold(rel) == rel
}

// FuzzPlaceKey: keys sort like a walk, tell any two paths apart, stand in their
// folder's range, and give the name back.
func FuzzPlaceKey(f *testing.F) {
	for i, name := range awkward {
		f.Add(name+"/x", awkward[(i+1)%len(awkward)]+"/x")
		f.Add("d/"+name, "d/"+name+"\x00")
	}
	f.Add("a/b/c", "a/b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !wholePath(a) || !wholePath(b) {
			return
		}
		ka, kb := placeKey(7, a), placeKey(7, b)
		if got, want := bytes.Compare(ka, kb), walkOrder(a, b); got != want {
			t.Fatalf("%q to %q: %d, want %d", a, b, got, want)
		}
		dir, name := "", a
		if i := strings.LastIndexByte(a, '/'); i >= 0 {
			dir, name = a[:i], a[i+1:]
		}
		rest, ok := bytes.CutPrefix(ka, append(folderKey(7, dir), sepName))
		if !ok || unescape(rest) != name || bytes.ContainsAny(rest, "\x00\x01") {
			t.Fatalf("%q in %q: %x", name, dir, ka)
		}
		below, ok := bytes.CutPrefix(kb, folderKey(7, dir))
		if in := ok && len(below) > 0 && below[0] < sepAfter; in != (dir == "" || strings.HasPrefix(b, dir+"/")) {
			t.Fatalf("%q below %q: %v", b, dir, in)
		}
	})
}
