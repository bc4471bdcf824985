package uploader

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/testfs"
	"bloxdrop/queue"
	"bloxdrop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in the tests; none of them should ever take it.
const patience = time.Minute

// tooMuch is more than the kernel takes from a client whose server reads no
// further: such a body never comes to its gate.
const tooMuch = 24 << 20

// rig is an uploader with one worker between a folder, a queue in memory and
// an HTTP server.
type rig struct {
	t     *testing.T
	root  string
	q     *fakeQueue
	opt   Options
	wires func(wire) wire // what stands between the worker and its Sender
	log   *testfs.Log
	up    *Uploader
}

// newRig serves uploads by the handler; sign-ins always succeed. Change opt
// and wires before start.
func newRig(t *testing.T, upload http.HandlerFunc) *rig {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Authorization", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"token":"good"}`)
	})
	mux.HandleFunc("POST /api/v1/relations/persons/files", upload)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return newRigAt(t, server.URL)
}

// newSim is a rig with the simulated Bloxs.
func newSim(t *testing.T, opt bloxstest.Options) (*rig, *bloxstest.Server) {
	t.Helper()
	sim, err := bloxstest.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return newRigAt(t, sim.URL), sim
}

func newRigAt(t *testing.T, url string) *rig {
	t.Helper()
	r := &rig{t: t, root: t.TempDir(), q: newFakeQueue(), log: &testfs.Log{}}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.opt = Options{
		Queue: r.q, Roots: map[string]Root{r.root: {Verify: VerifyOff}}, Workers: 1,
		Barred:  func(string) (string, bool) { return "", false },
		MaxSize: 1 << 30, StallTimeout: patience, AnswerTimeout: patience, Log: log, Now: time.Now,
		Tried: func(queue.Class, int64, time.Duration) {},
	}
	r.connect(bloxs.Config{URL: url, APIKey: "key-1", APISecret: "secret-1"})
	return r
}

// connect makes the rig use another client.
func (r *rig) connect(cfg bloxs.Config) {
	r.t.Helper()
	cfg.Now, cfg.Log = time.Now, r.opt.Log
	client, err := bloxs.New(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(client.Close)
	r.opt.Bloxs = client
}

func (r *rig) start() {
	r.t.Helper()
	r.up = New(r.opt)
	if r.wires != nil {
		plain := r.up.newWire
		r.up.newWire = func() wire { return r.wires(plain()) }
	}
	r.up.Start(context.Background())
	r.t.Cleanup(r.stop)
}

func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.up.Stop(ctx); err != nil {
		r.t.Error(err)
	}
}

// file writes a file into the root and gives the job that offers it.
func (r *rig) file(rel string, content []byte) *queue.Job {
	r.t.Helper()
	path := filepath.Join(r.root, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		r.t.Fatal(err)
	}
	return &queue.Job{
		Item: store.Item{
			ID: store.ItemID(rel), Person: store.PersonKey{Relation: "persons", Kind: "reference", ID: "1234"},
			SHA256: sha256.Sum256(content), Size: int64(len(content)),
		},
		Places: []store.Place{r.place(rel)},
	}
}

func (r *rig) place(rel string) store.Place {
	r.t.Helper()
	look, _, err := store.LookAt(filepath.Join(r.root, filepath.FromSlash(rel)))
	if err != nil {
		r.t.Fatal(err)
	}
	return store.Place{Root: r.root, Rel: rel, Look: look}
}

// send gives the job to the uploader, which must be started, and waits for
// its outcome.
func (r *rig) send(job *queue.Job) queue.Outcome {
	r.t.Helper()
	r.q.jobs <- job
	return r.done()
}

func (r *rig) done() queue.Outcome {
	r.t.Helper()
	return await(r.t, r.q.done, "an outcome")
}

func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s\n", what)
		panic("not reached")
	}
}

// hooks stand between a worker and its Sender; each runs before the step.
type hooks struct {
	wire
	body     func(read int64) // after each Read of the body, with the bytes so far
	flushed  func(ctx context.Context)
	alive    func() error // an error is the answer
	marked   func()
	answered func(status int)
}

func (h *hooks) Send(ctx context.Context, u bloxs.Upload) (*bloxs.Answer, error) {
	u.Body = &hookedBody{ReadCloser: u.Body, hook: h.body}
	shut := u.Answered
	u.Answered = func(status int) {
		shut(status)
		if h.answered != nil {
			h.answered(status)
		}
	}
	return h.wire.Send(ctx, u)
}

func (h *hooks) Flushed(ctx context.Context) error {
	if h.flushed != nil {
		h.flushed(ctx)
	}
	return h.wire.Flushed(ctx)
}

func (h *hooks) Alive() error {
	if h.alive != nil {
		if err := h.alive(); err != nil {
			return err
		}
	}
	return h.wire.Alive()
}

func (h *hooks) MarkGate() {
	if h.marked != nil {
		h.marked()
	}
	h.wire.MarkGate()
}

type hookedBody struct {
	io.ReadCloser
	hook func(int64)
	read int64
}

func (b *hookedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if b.hook != nil {
		b.hook(b.read)
	}
	return n, err
}

// hooked makes the rig use the hooks.
func (r *rig) hooked(h *hooks) {
	r.wires = func(w wire) wire {
		h.wire = w
		return h
	}
}

func (h *hooks) FlushedWithin(ctx context.Context, d time.Duration) bool {
	return h.wire.FlushedWithin(ctx, d)
}
