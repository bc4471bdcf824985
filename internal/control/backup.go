package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	jsonType   = "application/json"
	backupType = "application/gzip"
)

// begun notes whether anything was written, since no error can be told then.
type begun struct {
	http.ResponseWriter
	wrote bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.wrote = true
	return b.ResponseWriter.Write(p)
}

// backup answers with the backup's bytes. One that breaks off is no whole
// backup, which its reader notices.
func backup(w http.ResponseWriter, r *http.Request, desk Desk) {
	_, _ = io.Copy(io.Discard, r.Body) // net/http tells of an asker who has gone only behind it
	w.Header().Set("Content-Type", backupType)
	out := &begun{ResponseWriter: w}
	err := desk.Backup(r.Context(), out)
	switch {
	case err == nil:
	case out.wrote:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", jsonType)
		reply(w, answer{Error: err.Error()})
	}
}

// Backup asks for a backup and writes it to w.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	resp, err := c.post(ctx, "backup", question{})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") == backupType {
		_, err := io.Copy(w, resp.Body)
		return err
	}
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return fmt.Errorf("ask the running bloxdrop: %w", err)
	}
	return errors.New(a.Error)
}
