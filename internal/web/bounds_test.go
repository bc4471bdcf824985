package web_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestConnectionsAreBounded: whoever opens thousands takes no descriptors from
// the uploads. Who waits gets an answer when somebody else has gone.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	ask := func() net.Conn {
		c, err := net.Dial("tcp", s.base.Host)
		s.must(err)
		t.Cleanup(func() { c.Close() })
		_, err = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: "+s.base.Host+"\r\n\r\n")
		s.must(err)
		return c
	}
	answered := func(c net.Conn, within time.Duration) bool {
		s.must(c.SetReadDeadline(time.Now().Add(within)))
		_, err := bufio.NewReader(c).ReadString('\n')
		return err == nil
	}
	var all []net.Conn
	for range 256 {
		all = append(all, ask())
	}
	for i, c := range all {
		if !answered(c, 30*time.Second) {
			t.Fatalf("number %d gets no answer", i+1)
		}
	}
	one := ask()
	if answered(one, 200*time.Millisecond) {
		t.Error("there is no bound")
	}
	s.must(all[100].Close())
	if !answered(one, 30*time.Second) {
		t.Error("who waited gets no answer")
	}
}

// TestTabsAreBounded: a browser has six connections to a site; were all of
// them taken by tabs that watch, no page and no click would get through.
func TestTabsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	b, other := s.signedIn(), s.signedIn()
	watch := func(b *http.Client) (status int, end func() error) {
		answer, err := b.Get(s.base.Scheme + "://" + s.base.Host + "/live")
		s.must(err)
		return answer.StatusCode, answer.Body.Close
	}
	var ends []func() error
	for i := range 4 {
		status, end := watch(b)
		ends = append(ends, end)
		if status != http.StatusOK {
			t.Errorf("tab %d is %d", i+1, status)
		}
	}
	status, end := watch(b)
	s.must(end())
	if status != http.StatusServiceUnavailable {
		t.Errorf("the fifth tab is %d", status)
	}
	status, end = watch(other)
	if ends = append(ends, end); status != http.StatusOK {
		t.Errorf("another browser is %d", status)
	}
	s.must(ends[0]())
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if status, end = watch(b); status == http.StatusOK {
			ends = append(ends, end)
			break
		}
		s.must(end())
		if time.Now().After(deadline) {
			t.Fatalf("where a tab was closed another is %d", status)
		}
	}
	for _, end := range ends[1:] {
		s.must(end())
	}
}
