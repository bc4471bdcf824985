package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
)

// BenchmarkBacklog sends 5,000 files of 50 KB by four workers, and the same by a
// bare loop that remembers nothing: times is how much longer bloxdrop takes for
// all of it, from its start to its end.
func BenchmarkBacklog(b *testing.B) {
	const files, size, workers = 5000, 50_000, 4
	var bare, ours time.Duration
	for b.Loop() {
		o := newOffice(b, bloxstest.Options{Token: "fixed"}, `api_key = "key"`, "", `api_secret = "secret"`, `token = "fixed"`)
		for i := range files {
			text := fmt.Sprintf("%d ", i)
			o.write(fmt.Sprintf("%d - Jansen/scan %d.txt", 1000+i%200, i), string(bytes.Repeat([]byte(text), size/len(text))))
		}
		began := time.Now()
		o.bareLoop(workers)
		bare += time.Since(began)
		began = time.Now()
		o.run("run", "--once")
		ours += time.Since(began)
		if n := len(o.bloxs.Stored()); n != 2*files {
			b.Fatalf("%d stored", n)
		}
	}
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "times")
	b.ReportMetric(float64(b.N*files)/ours.Seconds(), "files/s")
	b.ReportMetric(float64(b.N*files)/bare.Seconds(), "bare-files/s")
}

// bareLoop uploads every file of the root, so many at a time.
func (o *office) bareLoop(workers int) {
	o.t.Helper()
	paths := make(chan string)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for path := range paths {
				if err := o.bareUpload(client, path); err != nil {
					o.t.Error(err)
				}
			}
		})
	}
	o.must(filepath.WalkDir(o.root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			paths <- path
		}
		return err
	}))
	close(paths)
	all.Wait()
}

func (o *office) bareUpload(client *http.Client, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, tail, requestType := bloxs.Envelope(filepath.Base(path), "text/plain")
	body := append(append(head, content...), tail...)
	req, err := http.NewRequest(http.MethodPost, o.bloxs.URL+bloxs.Relations()[0].AddFile+"?reference=1001", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer fixed")
	req.Header.Set("Content-Type", requestType)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
