package uploader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bloxdrop/internal/bloxs"
	"bloxdrop/queue"
	"bloxdrop/store"
)

const (
	// forbiddenFor is how long the check stays off where look-ups are forbidden.
	forbiddenFor = time.Hour
	// failedLookUp is how long the look-up loop rests after a failure, so that
	// a wrong key with many unknown persons costs few sign-ins.
	failedLookUp = time.Minute
)

// admit leaves of the places those from which the file may go out to this
// person; an outcome says why there is none. All places hold the same content
// for the same person, so one without a check, or one whose name fits, lends
// its admission to the rest.
func (u *Uploader) admit(ctx context.Context, key store.PersonKey, places []store.Place) ([]store.Place, queue.Outcome) {
	if free := u.with(places, func(verify string, _ store.Place) bool { return verify == VerifyOff }); len(free) > 0 {
		return free, queue.Outcome{}
	}
	names, checked, o := u.known(ctx, key)
	if o.Class != "" {
		return nil, o
	}
	if !checked {
		return places, queue.Outcome{}
	}
	fitting := u.with(places, func(verify string, p store.Place) bool {
		return verify == VerifyExists || p.Folder == "" || sameName(p.Folder, names) || u.opt.Queue.Confirmed(key, p.Folder)
	})
	if len(fitting) == 0 {
		return nil, queue.Outcome{Class: queue.NameMismatch, Detail: mismatch(places[0].Folder, bloxs.OneOf(key.Relation)+" "+key.ID, names)}
	}
	return fitting, queue.Outcome{}
}

func (u *Uploader) with(places []store.Place, fits func(verify string, p store.Place) bool) []store.Place {
	var found []store.Place
	for _, p := range places {
		if fits(u.opt.Roots[p.Root].Verify, p) {
			found = append(found, p)
		}
	}
	return found
}

// known gives what Bloxs knows of a person: remembered for a day, else looked
// up. Unchecked means that look-ups are forbidden.
func (u *Uploader) known(ctx context.Context, key store.PersonKey) (names []string, checked bool, o queue.Outcome) {
	f, ok := u.remembered(key)
	if !ok {
		f = u.lookUp(key, func() finding {
			if f, ok := u.remembered(key); ok { // a look-up has ended since
				return f
			}
			return u.lookUpNow(ctx, key)
		})
	}
	return f.names, !f.forbidden, f.o
}

// finding is what a look-up came to; its outcome is empty where the person was
// found or where looking is forbidden.
type finding struct {
	names     []string
	forbidden bool
	o         queue.Outcome
}

// remembered gives what can be said without asking Bloxs, if anything can.
func (u *Uploader) remembered(key store.PersonKey) (f finding, ok bool) {
	view, err := u.opt.Queue.Person(key)
	switch {
	case err != nil:
		return finding{o: queue.Outcome{Class: queue.Transient, Detail: fmt.Sprintf("the ledger can't be read: %v", err)}}, true
	case view.Fresh && !view.Known:
		return finding{o: queue.Outcome{Class: queue.UnknownPerson, Detail: fmt.Sprintf("Bloxs knows no %s with %s %s", bloxs.OneOf(key.Relation), key.Kind, key.ID)}}, true
	case view.Fresh:
		return finding{names: view.Names}, true
	}
	return finding{forbidden: true}, !u.opt.Queue.LookUpsAllowed()
}

// lookUp has Bloxs asked for a person, once for all who want to know at the
// moment.
func (u *Uploader) lookUp(key store.PersonKey, ask func() finding) finding {
	one := key.Environment + "\x00" + key.Relation + "\x00" + key.Kind + "\x00" + key.ID
	v, _, _ := u.lookUps.Do(one, func() (any, error) { return ask(), nil })
	return v.(finding)
}

// lookUpNow asks Bloxs for a person and remembers the answer.
func (u *Uploader) lookUpNow(ctx context.Context, key store.PersonKey) finding {
	names, err := u.find(ctx, key)
	if err == nil {
		u.opt.Log.Debug("person found", "person", key.ID)
		u.remember(key, u.opt.Queue.PersonFound(key, names))
		return finding{names: names}
	}
	if ctx.Err() != nil {
		return finding{o: stopped(context.Cause(ctx))}
	}
	if errors.Is(err, queue.ErrNotNow) {
		return finding{o: stopped(err)}
	}
	o, forbidden := NotFound(err, key.Kind, key.ID)
	switch {
	case forbidden:
		until := u.opt.Now().Add(forbiddenFor)
		if u.opt.Queue.LookUpsAllowed() { // else another worker has said so
			u.opt.Log.Warn("look-ups forbidden, persons are not checked", "until", until, "detail", o.Detail)
		}
		u.opt.Queue.LookUpsForbidden(until)
		return finding{forbidden: true}
	case o.Class == queue.UnknownPerson:
		u.opt.Log.Info("person unknown", "person", key.ID, "detail", o.Detail)
		err := u.opt.Queue.PersonUnknown(key, o.Detail)
		u.remember(key, err)
		o.Known = err == nil
	}
	return finding{o: o}
}

// NotFound gives the outcome of a look-up that found nobody, and whether that
// was because the key may not look persons up.
func NotFound(err error, kind, id string) (o queue.Outcome, forbidden bool) {
	e, ok := errors.AsType[*bloxs.Error](err)
	switch {
	case !ok:
		return queue.Outcome{Class: queue.Transient, Detail: fmt.Sprintf("Bloxs was not reached to look up the person: %v", err)}, false
	case e.Op == bloxs.OpSignIn:
		return withoutToken(e), false
	}
	o = ofError(e, kind, id)
	if o.Class == queue.Denied && e.HTML {
		// A gateway's page about one request says nothing about the key's rights.
		o.Class = queue.Transient
	}
	return o, o.Class == queue.Denied
}

// find makes the request, and once more with a new token where the first is
// refused.
func (u *Uploader) find(ctx context.Context, key store.PersonKey) ([]string, error) {
	if err := u.opt.Queue.PaceLookUp(ctx); err != nil {
		return nil, err
	}
	token, err := u.opt.Bloxs.Token(ctx)
	if err != nil {
		return nil, err
	}
	names, err := u.opt.Bloxs.FindPerson(ctx, key.Relation, key.Kind, key.ID)
	if e, ok := errors.AsType[*bloxs.Error](err); !ok || e.Op == bloxs.OpSignIn || e.Status != 401 {
		return names, err
	}
	if _, err := u.opt.Bloxs.Renew(ctx, token); err != nil {
		return nil, err
	}
	if err := u.opt.Queue.PaceLookUp(ctx); err != nil {
		return nil, err
	}
	return u.opt.Bloxs.FindPerson(ctx, key.Relation, key.Kind, key.ID)
}

// remember only reports a failure: what was found holds for this attempt all
// the same, and the next one looks again.
func (u *Uploader) remember(key store.PersonKey, err error) {
	if err != nil {
		u.opt.Log.Error("look-up not written down", "person", key.ID, "err", err)
	}
}

// lookUpUnknown asks again for the persons whose files are held because Bloxs
// did not know them.
func (u *Uploader) lookUpUnknown(ctx context.Context) {
	for {
		key, err := u.opt.Queue.NextLookUp(ctx)
		if err != nil {
			u.ended(ctx, "no more look-ups", err)
			return
		}
		f := u.lookUp(key, func() finding { return u.lookUpNow(ctx, key) })
		if !f.forbidden && (f.o.Class == "" || f.o.Class == queue.UnknownPerson) {
			continue
		}
		if f.o.Class != "" && f.o.Class != queue.Stopped {
			u.opt.Log.Warn("person not looked up", "person", key.ID, "class", f.o.Class, "detail", f.o.Detail)
		}
		select {
		case <-ctx.Done():
		case <-time.After(failedLookUp):
		}
	}
}
