package store

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// offers makes n files of a hundred persons, all different.
func offers(from, n int) []Offer {
	batch := make([]Offer, n)
	for i := range batch {
		id := strconv.Itoa((from + i) % 100)
		batch[i] = offer(id, fmt.Sprintf("%s/scan %d.pdf", id, from+i), strconv.Itoa(from+i))
	}
	return batch
}

func BenchmarkOffer256IntoLedgerOf20000(b *testing.B) {
	s := newBench(b)
	s.large = true
	n := 0
	for ; n < 20_000; n += 256 {
		s.offer(offers(n, 256)...)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.offer(offers(n, 256)...)
		n += 256
	}
}

func BenchmarkSendBy4Workers(b *testing.B) {
	s := newBench(b)
	s.large = true
	all := offers(0, max(b.N, 1))
	for i := 0; i < len(all); i += 1000 {
		s.offer(all[i:min(i+1000, len(all))]...)
	}
	before, salt := s.JournalSyncs(), []byte(s.m.Salt)
	b.ResetTimer()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				id := newItemID(salt, all[i].Person, all[i].SHA256)
				if err := errors.Join(s.OpenGate(id, Place{Root: all[i].Root, Rel: all[i].Rel}), s.Receipt(id, int64(i+1))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	workers.Wait()
	b.ReportMetric(float64(s.JournalSyncs()-before)/float64(len(all)), "syncs/file")
}
