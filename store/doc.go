// Package store remembers: which content stands where, for which person, what
// became of it, and what is due next.
//
// Two files hold it. journal.jsonl is the truth about everything that touched
// Bloxs: a line is on the disk before its step counts as done. ledger.db
// (bbolt) holds the whole picture and follows the journal: it is committed
// in batches, carries the journal's position that it has applied, and is
// brought up to the journal's end when it is opened.
//
// It promises that a step of which the journal has a line, and whatever else is
// said to be durable, survives a kill and a power cut as soon as it has returned
// without an error, and the rest (a due time, a place that is gone) within a
// second; that either file can be rebuilt from the other; and that nothing is
// ever begun anew in silence.
//
// It must never show a bucket, a key or a transaction outside, read or write
// a root (LookAt and LookOf are for those who do), talk to Bloxs, or decide what
// happens next: each method is one whole transition, names its item and refuses
// it in any state but the expected one.
package store
