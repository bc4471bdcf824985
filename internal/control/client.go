package control

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// ErrNobody says that no service answers.
var ErrNobody = errors.New("no running bloxdrop answers")

const helloTimeout = 3 * time.Second

// Client is the Desk of a running service.
type Client struct {
	at   address
	http *http.Client
}

// Dial finds the service that uses the store in dir. It returns ErrNobody
// where none answers.
func Dial(ctx context.Context, dir string) (*Client, error) {
	b, err := os.ReadFile(filepath.Join(dir, fileName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNobody
	}
	if err != nil {
		return nil, notFound(err)
	}
	// Commands go straight to loopback, whatever proxy the environment names.
	c := &Client{http: &http.Client{Transport: &http.Transport{}}}
	if err := json.Unmarshal(b, &c.at); err != nil {
		return nil, ErrNobody // it is just being written
	}
	// After a kill the address may be anybody's by now: that it answers at all
	// says nothing, it is told no token, and that it doesn't must not be waited for.
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	nonce := rand.Text()
	a, err := c.ask(ctx, hello, question{Nonce: nonce})
	if err == nil && !hmac.Equal([]byte(a.Said), []byte(proof(c.at.Token, nonce))) {
		err = errors.New("somebody else answers")
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	return c, nil
}

// notFound says why nobody can tell where a service answers.
func notFound(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("find the running bloxdrop: %w; only an administrator and the account under which it runs may ask it: with sudo, or as an administrator", err)
	}
	return fmt.Errorf("find the running bloxdrop: %w", err)
}

// Close lets the connection go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) post(ctx context.Context, name string, q question) (*http.Response, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.at.Address+"/"+name, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if name != hello {
		req.Header.Set("Authorization", "Bearer "+c.at.Token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running bloxdrop: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("ask the running bloxdrop: it answers %s", resp.Status)
	}
	return resp, nil
}

func (c *Client) ask(ctx context.Context, name string, q question) (answer, error) {
	resp, err := c.post(ctx, name, q)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("ask the running bloxdrop: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// Status asks for the status.
func (c *Client) Status(ctx context.Context) (Status, error) {
	a, err := c.ask(ctx, "status", question{})
	if err == nil && a.Status == nil {
		err = errors.New("ask the running bloxdrop: its answer is empty")
	}
	if err != nil {
		return Status{}, err
	}
	return *a.Status, nil
}

// List asks for items.
func (c *Client) List(ctx context.Context, which Selection, each func(Entry) error) error {
	resp, err := c.post(ctx, "list", question{State: which.State, Person: which.Person})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := json.NewDecoder(resp.Body)
	for {
		var a answer
		if err := in.Decode(&a); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("ask the running bloxdrop: %w", err)
		}
		switch {
		case a.Error != "":
			return errors.New(a.Error)
		case a.Entry == nil:
			return nil
		}
		if err := each(*a.Entry); err != nil {
			return err
		}
	}
}

// Explain asks about a path.
func (c *Client) Explain(ctx context.Context, path string) (Explanation, error) {
	a, err := c.ask(ctx, "explain", question{Path: []byte(path)})
	if err == nil && a.Explanation == nil {
		err = errors.New("ask the running bloxdrop: its answer is empty")
	}
	if err != nil {
		return Explanation{}, err
	}
	return *a.Explanation, nil
}

// Retry asks for another try.
func (c *Client) Retry(ctx context.Context, paths []string, all bool) (string, error) {
	q := question{All: all}
	for _, p := range paths {
		q.Paths = append(q.Paths, []byte(p))
	}
	a, err := c.ask(ctx, "retry", q)
	return a.Said, err
}

// Resolve settles an uncertain upload.
func (c *Client) Resolve(ctx context.Context, r Resolution) (string, error) {
	a, err := c.ask(ctx, "resolve", question{Path: []byte(r.Target), Sent: r.Sent, FileID: r.FileID})
	return a.Said, err
}

// Confirm says that a folder's name is right.
func (c *Client) Confirm(ctx context.Context, path string) (string, error) {
	a, err := c.ask(ctx, "confirm", question{Path: []byte(path)})
	return a.Said, err
}

// Send orders files to be sent.
func (c *Client) Send(ctx context.Context, path string, again bool) (string, error) {
	a, err := c.ask(ctx, "send", question{Path: []byte(path), Again: again})
	return a.Said, err
}

// Forget takes a person out of the ledger.
func (c *Client) Forget(ctx context.Context, person string) (string, error) {
	a, err := c.ask(ctx, "forget", question{Person: person})
	return a.Said, err
}

// Pause keeps everything back.
func (c *Client) Pause(ctx context.Context) (string, error) {
	a, err := c.ask(ctx, "pause", question{})
	return a.Said, err
}

// Resume goes on.
func (c *Client) Resume(ctx context.Context) (string, error) {
	a, err := c.ask(ctx, "resume", question{})
	return a.Said, err
}

// Adopt says that a root is the right one.
func (c *Client) Adopt(ctx context.Context, root, existing string) (string, error) {
	a, err := c.ask(ctx, "adopt", question{Path: []byte(root), Existing: existing})
	return a.Said, err
}

// OpenPage asks for an address that signs one browser in.
func (c *Client) OpenPage(ctx context.Context, who string) (string, error) {
	a, err := c.ask(ctx, "open-page", question{Who: who})
	return a.Said, err
}
