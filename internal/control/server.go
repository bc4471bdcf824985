package control

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bloxdrop/internal/wholefile"
)

// fileName lies in the store's folder and tells commands where to ask.
const fileName = "control.json"

type address struct {
	Address string `json:"address"`
	Token   string `json:"token"`
	PID     int    `json:"pid"`
}

// Server answers on loopback for a Desk.
type Server struct {
	http    *http.Server
	path    string
	done    chan struct{}
	end     context.CancelFunc // of what is being answered
	closing chan struct{}
	telling sync.WaitGroup
}

// Serve begins to answer and writes control.json into dir.
func Serve(dir string, desk Desk, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	a := address{Address: l.Addr().String(), Token: rand.Text(), PID: os.Getpid()}
	s := &Server{path: filepath.Join(dir, fileName), done: make(chan struct{}), closing: make(chan struct{})}
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.http = &http.Server{
		BaseContext:       func(net.Listener) context.Context { return ctx },
		Handler:           guard(a, routes(desk, a.Token)),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("commands are no longer answered", "err", err)
		}
	}()
	s.tell(a, log)
	return s, nil
}

const tellAgain = 10 * time.Second

// tell writes control.json. A full disk must not keep the service from
// running, so it is tried until it can be written.
func (s *Server) tell(a address, log *slog.Logger) {
	err := writeAddress(s.path, a)
	if err == nil {
		return
	}
	log.Error("commands can't be told where to ask, trying again", "path", s.path, "err", err)
	s.telling.Go(func() {
		for err != nil {
			select {
			case <-s.closing:
				return
			case <-time.After(tellAgain):
				err = writeAddress(s.path, a)
			}
		}
	})
}

// Ended tells that nothing is answered any more.
func (s *Server) Ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Close ends it at once; nothing that it answers is worth waiting for.
func (s *Server) Close() error {
	s.end()
	close(s.closing)
	s.telling.Wait()
	err := wholefile.Remove(s.path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	err = errors.Join(err, s.http.Close())
	<-s.done
	return err
}

func writeAddress(path string, a address) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	err = wholefile.Write(path, b)
	if err != nil && overwrite(path, b) == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell commands where to ask: %w", err)
	}
	return nil
}

// overwrite writes over what a killed service has left: a full disk has room for
// that. Who reads half of it finds nobody, and asks again.
func overwrite(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Truncate(int64(len(b))), f.Close())
}

const hello = "hello"

// proof shows whoever asks first that the service knows the token, without
// either of them saying it: after a kill its address may be somebody else's, who
// would learn the token, and could have `open` open anything.
func proof(token, nonce string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("bloxdrop " + nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// guard lets nobody in but who has read control.json, and no web page at all.
func guard(a address, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := []byte(r.Header.Get("Authorization"))
		switch {
		case r.Host != a.Address, r.Header.Get("Origin") != "", r.Method != http.MethodPost,
			r.URL.Path != "/"+hello && subtle.ConstantTimeCompare(given, []byte("Bearer "+a.Token)) != 1:
			http.Error(w, "this is for bloxdrop's own commands", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// question has paths as bytes, since JSON would mend those that are not UTF-8.
type question struct {
	State    string   `json:"state"`
	Person   string   `json:"person"`
	Existing string   `json:"existing"` // of an adoption
	Who      string   `json:"who"`      // is to be signed in
	Nonce    string   `json:"nonce"`    // of a hello: what its proof is for
	Path     []byte   `json:"path"`     // of a resolution: a path or an item
	Paths    [][]byte `json:"paths"`
	All      bool     `json:"all"`
	Again    bool     `json:"again"`
	Sent     bool     `json:"sent"`
	FileID   int64    `json:"file_id"`
}

type answer struct {
	Error       string       `json:"error,omitempty"`
	Said        string       `json:"said,omitempty"`
	Status      *Status      `json:"status,omitempty"`
	Explanation *Explanation `json:"explanation,omitempty"`
	Entry       *Entry       `json:"entry,omitempty"`
}

func routes(desk Desk, token string) http.Handler {
	mux := http.NewServeMux()
	handle := func(name string, do func(ctx context.Context, q question) (answer, error)) {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			var q question
			err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(&q)
			var a answer
			if err == nil {
				a, err = do(r.Context(), q)
			}
			if err != nil {
				a = answer{Error: err.Error()}
			}
			reply(w, a)
		})
	}
	said := func(text string, err error) (answer, error) { return answer{Said: text}, err }
	handle("status", func(ctx context.Context, _ question) (answer, error) {
		st, err := desk.Status(ctx)
		return answer{Status: &st}, err
	})
	handle("explain", func(ctx context.Context, q question) (answer, error) {
		ex, err := desk.Explain(ctx, string(q.Path))
		return answer{Explanation: &ex}, err
	})
	handle(hello, func(_ context.Context, q question) (answer, error) { return answer{Said: proof(token, q.Nonce)}, nil })
	handle("retry", func(ctx context.Context, q question) (answer, error) {
		var paths []string
		for _, p := range q.Paths {
			paths = append(paths, string(p))
		}
		return said(desk.Retry(ctx, paths, q.All))
	})
	handle("resolve", func(ctx context.Context, q question) (answer, error) {
		return said(desk.Resolve(ctx, Resolution{Target: string(q.Path), Sent: q.Sent, FileID: q.FileID}))
	})
	handle("confirm", func(ctx context.Context, q question) (answer, error) { return said(desk.Confirm(ctx, string(q.Path))) })
	handle("send", func(ctx context.Context, q question) (answer, error) {
		return said(desk.Send(ctx, string(q.Path), q.Again))
	})
	handle("forget", func(ctx context.Context, q question) (answer, error) { return said(desk.Forget(ctx, q.Person)) })
	handle("open-page", func(ctx context.Context, q question) (answer, error) { return said(desk.OpenPage(ctx, q.Who)) })
	handle("pause", func(ctx context.Context, _ question) (answer, error) { return said(desk.Pause(ctx)) })
	handle("resume", func(ctx context.Context, _ question) (answer, error) { return said(desk.Resume(ctx)) })
	handle("adopt", func(ctx context.Context, q question) (answer, error) {
		return said(desk.Adopt(ctx, string(q.Path), q.Existing))
	})
	mux.HandleFunc("/backup", func(w http.ResponseWriter, r *http.Request) { backup(w, r, desk) })
	mux.HandleFunc("/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, desk) })
	return mux
}

// list answers with a line an item, and an empty object behind the last, so
// that a list that breaks off is noticed.
func list(w http.ResponseWriter, r *http.Request, desk Desk) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		reply(w, answer{Error: err.Error()})
		return
	}
	out := json.NewEncoder(w)
	err := desk.List(r.Context(), Selection{State: q.State, Person: q.Person}, func(e Entry) error { return out.Encode(answer{Entry: &e}) })
	if err != nil {
		reply(w, answer{Error: err.Error()})
		return
	}
	reply(w, answer{})
}

func reply(w http.ResponseWriter, a answer) {
	_ = json.NewEncoder(w).Encode(a) // fails only when the asker has gone
}
