package uploader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/pulse"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// wire is a bloxs.Sender. Tests put themselves in between, to act at the very
// moment at which a step of the gate is taken.
type wire interface {
	Send(ctx context.Context, u bloxs.Upload) (*bloxs.Answer, error)
	Moved() int64
	Flushed(ctx context.Context) error
	FlushedWithin(ctx context.Context, d time.Duration) bool
	Alive() error
	Answering() bool
	MarkGate()
	WroteSinceGate() bool
	Close()
}

// worker sends one file at a time over a connection of its own.
type worker struct {
	*Uploader
	wire   wire
	flight *flight // of the job at work
	pulse  *pulse.Pulse
}

// do makes one job's attempt. The outcome is never empty; place is where the
// file was taken from, or would have been. ctx ends when the service stops.
func (w *worker) do(ctx context.Context, job *queue.Job) (place store.Place, o queue.Outcome) {
	if len(job.Places) > 0 {
		place = job.Places[0]
	}
	if job.Item.Size > w.opt.MaxSize {
		return place, queue.Outcome{Class: queue.Rejected, Detail: tooLarge(job.Item.Size, w.opt.MaxSize)}
	}
	open, o := w.open(job.Places)
	if o.Class != "" {
		return place, o
	}
	there, o := w.present(ctx, open)
	if o.Class != "" {
		return place, o
	}
	allowed, o := w.admit(ctx, job.Item.Person, there)
	if o.Class != "" {
		return there[0], o
	}
	for _, place = range allowed {
		src, err := openSource(ctx, w.shares, place)
		if err != nil {
			o = ofVerdict(err)
			continue
		}
		return place, w.sendWithToken(ctx, job, src)
	}
	return place, o
}

// open leaves out the places in roots that the config no longer names, and in
// those in which nothing may be done now; away where only such are left.
func (w *worker) open(places []store.Place) (open []store.Place, o queue.Outcome) {
	for _, p := range places {
		if _, ok := w.opt.Roots[p.Root]; !ok {
			continue
		}
		if why, soon := w.opt.Barred(p.Root); why != "" {
			o = away(why, soon)
			continue
		}
		open = append(open, p)
	}
	if len(open) > 0 {
		return open, queue.Outcome{}
	}
	return nil, o
}

// notLookedWait is for a root that the watcher is just about to look at.
const notLookedWait = time.Second

func away(why string, soon bool) queue.Outcome {
	o := queue.Outcome{Class: queue.Away, Detail: why}
	if soon {
		o.RetryAfter = notLookedWait
	}
	return o
}

// present leaves out the places where the file isn't any more as it was
// offered, so that it costs no request. If none is left, the first one's
// trouble stands for all: unreadable is worth more than gone.
func (u *Uploader) present(ctx context.Context, places []store.Place) ([]store.Place, queue.Outcome) {
	var there []store.Place
	o := queue.Outcome{Class: queue.Stale, Detail: "the file is no longer there, or in no watched root"}
	for i, place := range places {
		err := u.shares.ask(ctx, place.Root, func() error { return lookAgain(place) })
		if err == nil {
			there = append(there, place)
			continue
		}
		if v := ofVerdict(err); i == 0 || o.Class == queue.Stale {
			o = v
		}
	}
	if len(there) > 0 {
		return there, queue.Outcome{}
	}
	return nil, o
}

// sendWithToken sends, and once more with a new token where Bloxs refuses the
// first. Where the second is taken back although the first had its gate open,
// that one's status says so: an answer, not a silence, ended it.
func (w *worker) sendWithToken(ctx context.Context, job *queue.Job, src *source) queue.Outcome {
	if err := w.pace(ctx, job); err != nil {
		return stopped(err)
	}
	token, err := w.opt.Bloxs.Token(ctx)
	if err != nil {
		return w.noToken(ctx, err)
	}
	first, opened := w.send(ctx, job, src, token)
	if first.Class != queue.SignIn && first.Class != queue.Denied {
		return first
	}
	o := w.sendAgain(ctx, job, src, token, first)
	if o.Class == queue.Stopped && opened {
		o.Status = first.Status
	}
	return o
}

// sendAgain is the one more try after Bloxs refused a token.
func (w *worker) sendAgain(ctx context.Context, job *queue.Job, src *source, refused string, first queue.Outcome) queue.Outcome {
	token, err := w.opt.Bloxs.Renew(ctx, refused)
	if e, ok := errors.AsType[*bloxs.Error](err); ok && e.FixedToken {
		if first.Class == queue.SignIn {
			first.Detail = e.Error()
		}
		return first
	}
	if err != nil {
		return w.noToken(ctx, err)
	}
	if err := w.pace(ctx, job); err != nil {
		return stopped(err)
	}
	o, _ := w.send(ctx, job, src, token)
	return o
}

// pace waits for the job's turn, by which nobody hangs.
func (w *worker) pace(ctx context.Context, job *queue.Job) error {
	w.pulse.End()
	defer w.pulse.Begin()
	return w.opt.Queue.Pace(ctx, job)
}

// noToken is withoutToken, unless we are stopping.
func (u *Uploader) noToken(ctx context.Context, err error) queue.Outcome {
	if ctx.Err() != nil {
		return stopped(context.Cause(ctx))
	}
	return withoutToken(err)
}

// attempt is one request on its way.
type attempt struct {
	stop   context.Context // ends when the service stops
	ctx    context.Context // cancelled by the watchdog, with the cause
	queue  Queue
	barred Barred
	wire   wire
	log    *slog.Logger
	job    *queue.Job
	src    *source
	gate   *gate
	body   *body
	read   chan struct{} // closed when an answer has been read

	unheard bool // an answer had begun, and its head took too long
}

// send streams the file through the gate once, and tells whether it opened.
// What stop does to it is the watchdog's work, because it depends on the gate.
func (w *worker) send(stop context.Context, job *queue.Job, src *source, token string) (o queue.Outcome, opened bool) {
	contentType, err := src.contentType()
	if err != nil {
		return ofVerdict(err), false
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(stop))
	defer cancel(nil)
	head, tail, requestType := bloxs.Envelope(src.name(), contentType)
	a := &attempt{
		stop: stop, ctx: ctx, queue: w.opt.Queue, barred: w.opt.Barred, wire: w.wire, log: w.opt.Log, job: job, src: src,
		gate: &gate{passed: make(chan struct{})}, read: make(chan struct{}),
	}
	a.body = newBody(head, src, src.place.Look.Size, tail, a.gate,
		func(within time.Duration) bool { return w.wire.FlushedWithin(ctx, within) }, a.answered, a.lastBytes)
	w.flight.attempt.Store(a)

	dog := watchdog{
		gate: a.gate, moved: w.wire.Moved, cancel: cancel, step: w.pulse.Step,
		stall: w.opt.StallTimeout, answer: w.opt.AnswerTimeout, grace: w.grace,
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		dog.watch(stop.Done(), done)
	}()
	person := job.Item.Person
	begun := w.opt.Now()
	answer, err := w.wire.Send(ctx, bloxs.Upload{
		Relation: person.Relation, Kind: person.Kind, Person: person.ID,
		Token: token, ContentType: requestType, Length: a.body.Len(), Body: a.body,
		Answered:   func(int) { a.gate.shut(errAnswered) },
		AnswerRead: func() { close(a.read) },
	})
	if answer != nil {
		failpoint.At("answer read")
	}
	w.flight.took = w.opt.Now().Sub(begun)
	close(done)
	<-gone
	return a.outcome(answer, err)
}

// outcome settles the gate and says what the attempt came to.
func (a *attempt) outcome(answer *bloxs.Answer, err error) (o queue.Outcome, opened bool) {
	opened = a.gate.shut(errEnded)
	wrote := false
	if opened {
		// Only when net/http has let go of the body can no byte leave any more.
		<-a.body.closed
		wrote = a.gate.marked && a.wire.WroteSinceGate()
	} else if v, ok := errors.AsType[*verdict](a.gate.why); ok && !saysStored(answer) {
		return ofVerdict(v), false
	}
	if cause := context.Cause(a.ctx); answer == nil && cause != nil {
		err = cause
	}
	person := a.job.Item.Person
	return classify(how{gateOpen: opened, wrote: wrote, answer: answer, err: err}, person.Kind, person.ID), opened
}

// saysStored tells of an answer that claims success, which outweighs any
// reason of ours why nothing can have been stored.
func saysStored(a *bloxs.Answer) bool { return a != nil && a.Status >= 200 && a.Status <= 299 }

// ofVerdict turns a *verdict into the outcome that it stands for.
func ofVerdict(err error) queue.Outcome {
	if v, ok := errors.AsType[*verdict](err); ok {
		return queue.Outcome{Class: v.class, Detail: v.detail, Doubtful: v.doubtful}
	}
	return queue.Outcome{Class: queue.Transient, Detail: err.Error()}
}

func stopped(err error) queue.Outcome {
	return queue.Outcome{Class: queue.Stopped, Detail: err.Error()}
}

// tooLarge names both sizes, to the byte where they would read alike.
func tooLarge(size, limit int64) string {
	is, most := humanize.IBytes(uint64(size)), humanize.IBytes(uint64(limit))
	if is == most {
		is, most = humanize.Comma(size)+" bytes", humanize.Comma(limit)
	}
	return fmt.Sprintf("larger than max_size: %s of at most %s; raise upload.max_size or send it by hand", is, most)
}

// report logs an attempt in one line.
func (w *worker) report(job *queue.Job, place store.Place, o queue.Outcome, took time.Duration) {
	log := w.opt.Log.With("path", path(place), "person", job.Item.Person.ID, "item", job.Item.ID)
	switch o.Class {
	case queue.Delivered:
		log.Info("sent", "file_id", o.FileID, "bytes", job.Item.Size, "took", took)
	case queue.Stale:
		log.Debug("file changed before it was sent", "detail", o.Detail)
	case queue.Stopped, queue.Away:
		log.Debug("attempt taken back", "detail", o.Detail)
	default:
		log.Warn("not sent", "class", o.Class, "detail", o.Detail, "trace_id", o.TraceID, "took", took)
	}
}
