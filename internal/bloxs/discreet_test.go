package bloxs

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestABrokenAnswerThatRepeatsTheToken: net/http quotes the header line that it
// can't read, and Bloxs, or whoever answers, may put anything there.
func TestABrokenAnswerThatRepeatsTheToken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err == nil {
			conn.Write([]byte("HTTP/1.1 200 OK\r\nno colon " + req.Header.Get("Authorization") + "\r\n\r\n"))
		}
	}()
	cfg := config(t, "http://"+l.Addr().String())
	cfg.Token = "a-fixed-token"
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.FindPerson(t.Context(), "persons", "reference", "1")
	if err == nil || strings.Contains(err.Error(), "a-fixed-token") || !strings.Contains(err.Error(), "***") {
		t.Errorf("%v", err)
	}
}
