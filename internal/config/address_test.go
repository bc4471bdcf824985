package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	tests := []struct {
		url, want string
		problem   string
	}{
		{"https://x.bloxs.io", "https://x.bloxs.io", ""},
		{" HTTPS://X.Bloxs.IO:443/ ", "https://x.bloxs.io", ""},
		{"https://x.bloxs.io:8443", "https://x.bloxs.io:8443", ""},
		{"http://localhost:80", "http://localhost", ""},
		{"http://LOCALHOST:8080/", "http://localhost:8080", ""},
		{"http://127.1.2.3:5", "http://127.1.2.3:5", ""},
		{"http://[::1]:5/", "http://[::1]:5", ""},
		{"https://[::1]:443", "https://[::1]", ""},
		{"http://x.bloxs.io", "", "http would send the secrets readable to all; write https://x.bloxs.io"},
		{"http://localhost.evil.io", "", "http would send"},
		{"http://127.0.0.1.evil.io", "", "http would send"},
		{"http://0.0.0.0", "", "http would send"},
		{"x.bloxs.io", "", "not a web address"},
		{"x.bloxs.io:443", "", "not a web address"},
		{"https://", "", "not a web address"},
		{"https:///x", "", "not a web address"},
		{"https://:443", "", "not a web address"},
		{"https://x:99999", "", "the host or port is not valid"},
		{"https://x:abc", "", "not a web address"},
		{"ftp://x.bloxs.io", "", `"ftp://" is not how Bloxs is reached; write https://x.bloxs.io`},
		{"https://x.bloxs.io/api/v1", "", "a path doesn't belong in it, bloxdrop knows the paths; write https://x.bloxs.io"},
		{"https://x.bloxs.io?", "", `"?" and "#" don't belong in it`},
		{"https://x.bloxs.io/#", "", `"?" and "#" don't belong in it`},
		{"https://joe:S3CR3T@x.bloxs.io", "", "a name or password stands in the address"},
		{"https://S3CR3T@x .io", "", "not a web address"},
	}
	for _, tt := range tests {
		got, err := environment(tt.url)
		if got != tt.want || fmt.Sprint(err) != "<nil>" && tt.problem == "" || !strings.Contains(fmt.Sprint(err), tt.problem) {
			t.Errorf("%q: got %q, %v; want %q, %q", tt.url, got, err, tt.want, tt.problem)
		}
		if err != nil && strings.Contains(err.Error(), "S3CR3T") {
			t.Errorf("the error shows a secret: %v", err)
		}
		if (Bloxs{URL: tt.url}).Environment() != tt.want {
			t.Errorf("%q: Environment differs", tt.url)
		}
	}
}

func TestProxy(t *testing.T) {
	text := func(proxy string) string {
		return strings.Replace(sound, "[[watch]]", "proxy = '"+proxy+"'\n[[watch]]", 1)
	}
	for _, proxy := range []string{"http://proxy:3128", "https://u:p@proxy", "socks5://[::1]:1080"} {
		if u := mustLoad(t, text(proxy)).Bloxs.ProxyURL; u == nil || u.String() != proxy {
			t.Errorf("%q: got %v", proxy, u)
		}
	}
	if mustLoad(t, sound).Bloxs.ProxyURL != nil {
		t.Error("a proxy where none is set")
	}
	for _, proxy := range []string{"proxy:3128", "ftp://S3CR3T@proxy", "http://", "http://u:S3CR3T@proxy:99999", "http://u:S3CR3T@ x"} {
		got := problems(t, text(proxy))
		if len(got) != 1 || !strings.HasPrefix(got[0], "config.toml:5:9: bloxs.proxy: this is not the address of a proxy; write") || strings.Contains(got[0], "S3CR3T") {
			t.Errorf("%q: got %q", proxy, got)
		}
	}
}

func TestListen(t *testing.T) {
	cert, key := "tls_cert = '"+absolute("/c")+"'\n", "tls_key = '"+absolute("/k")+"'\n"
	all := cert + key + "password_file = '" + absolute("/p") + "'\n"
	tests := []struct{ web, want string }{
		{"listen = ''", ""},
		{"listen = '127.0.0.1:0'", ""},
		{"listen = 'localhost:80'", ""},
		{"listen = '[::1]:80'", ""},
		{all + "listen = ':443'", ""},
		{all + "listen = '0.0.0.0:443'", ""},
		{"listen = ':443'", `web.listen: ":443" can be reached from other machines`},
		{cert + key + "listen = '10.0.0.1:443'", "set tls_cert, tls_key and password_file too"},
		{"listen = '127.0.0.1'", `web.listen: "127.0.0.1" is not an address and a port`},
		{"listen = '127.0.0.1:http'", "is not an address and a port"},
		{"listen = '127.0.0.1:70000'", "is not an address and a port"},
		{key, "only work together"},
		{"password_file = 'S3CR3T'", "config.toml:9:17: web.password_file: the value is not an absolute path"},
		{"tls_cert = 'c'\n" + key, `web.tls_cert: "c" is not an absolute path`},
	}
	for _, tt := range tests {
		got := problems(t, sound+"[web]\n"+tt.web+"\n")
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%q: got %q, want %q", tt.web, got, tt.want)
		}
	}
}
