// Package model says what package store does a second time, in plain maps: each
// transition of the ledger, the journal line that it writes, and what of both is
// on the disk after each step.
//
// Two tests hang on it. The model test in store does the same at random to a
// real store and to this one, crashes, reopens and rebuilds both, and compares
// all that they show. The simulation runs the queue, the watcher, the uploader
// and the archive on it, where it can crash between any two steps and lose what
// was not synced. So the model can't drift from the store without the one
// failing, nor can the store from what the other proves.
//
// It promises to be simple enough to be seen to be right: no index, no count and
// no key that would have to be kept in step with anything. It must never share
// code with package store but its types, and never be part of the program.
package model
