package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// sound is the least that Load takes.
var sound = `[bloxs]
url = "https://x.bloxs.io"
api_key = "k"
api_secret = "s"
[[watch]]
path = '` + absolute("/srv/scans") + `'
existing = "upload"
`

// absolute is a path from the top, such as this system has them.
func absolute(path string) string {
	if runtime.GOOS == "windows" {
		path = "C:" + path
	}
	return filepath.FromSlash(path)
}

// env is an environment of these variables alone.
func env(variables ...string) Env {
	return Env{Getenv: func(key string) string {
		for _, v := range variables {
			if value, found := strings.CutPrefix(v, key+"="); found {
				return value
			}
		}
		return ""
	}}
}

// write makes a file of the given mode, and returns its path.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, variables ...string) (*Config, error) {
	t.Helper()
	return Load(write(t, "config.toml", text, 0o600), env(variables...))
}

func mustLoad(t *testing.T, text string, variables ...string) *Config {
	t.Helper()
	config, err := load(t, text, variables...)
	if err != nil {
		t.Fatalf("Load:\n%v\nof\n%s", err, text)
	}
	return config
}

// problems are the lines of Load's error, without the folder of the file.
func problems(t *testing.T, text string, variables ...string) []string {
	t.Helper()
	_, err := load(t, text, variables...)
	if err == nil {
		return nil
	}
	var wrong *Error
	if !errors.As(err, &wrong) {
		t.Fatalf("not an *Error: %v", err)
	}
	var lines []string
	for _, p := range wrong.Problems {
		p.File = filepath.Base(p.File)
		lines = append(lines, p.String())
	}
	return lines
}

func TestLoadGivesDefaults(t *testing.T) {
	c := mustLoad(t, sound)
	if c.Watch[0].Pattern == nil || c.Watch[0].Pattern.String() != "{reference}[ - {name}]" {
		t.Errorf("layout %v", c.Watch[0].Pattern)
	}
	if c.Upload.MaxSize != 28<<20 || c.Upload.RetryMax.String() != "15m" || !c.Notices.InShare {
		t.Errorf("got %+v", c.Upload)
	}
	if c.Bloxs.APIKey.Reveal() != "k" || c.Bloxs.APISecret.Reveal() != "s" || c.Bloxs.Environment() != "https://x.bloxs.io" {
		t.Errorf("got %+v", c.Bloxs)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings %q", c.Warnings)
	}
}

func TestAllFormsOfTables(t *testing.T) {
	c := mustLoad(t, "\xEF\xBB\xBF"+`bloxs = {url = "https://x.bloxs.io", token = "t"}
upload.workers = 2
watch = [
  {path = '`+absolute("/srv/a")+`', existing = "skip", ignore = []},
  {path = '`+absolute("/srv/b/../c/")+`', existing = "upload", settle = "1h 30m"},
]
`)
	if c.Upload.Workers != 2 || c.Bloxs.Token.Reveal() != "t" || len(c.Watch) != 2 || len(c.Watch[0].Ignore) != 0 {
		t.Errorf("got %+v", c)
	}
	if c.Watch[1].Path != absolute("/srv/c") || c.Watch[1].Settle.String() != "1h30m" || c.Watch[1].Verify != VerifyName {
		t.Errorf("got %+v", c.Watch[1])
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	example := strconv.Quote(exampleOf("watch[1].path"))
	forSystemd := ""
	if runtime.GOOS == "linux" {
		forSystemd = " (with none named, it keeps it for systemd's service, and for nobody else)"
	}
	got := problems(t, `[bloxs]
url = "http://x.bloxs.io/api"
apikey = "k"
requests_per_minute = "80"

[[watch]]
path = "scans"
settle = 10
layout = "{ref}"
[[watch]]
existing = "maybe"
ignore = ["a", "b["]

[upload]
stall_timeout = 60
workers = 0
max_size = 28
settle = "10s"
retry_min = "1h"
`)
	want := []string{
		"config.toml:1:1: bloxs has no \"api_key\"; write it there, or name a file that holds it with api_key_file, which `bloxdrop set-secret api_key` writes" + forSystemd + ", or set BLOXDROP_API_KEY in the environment; likewise api_secret",
		`config.toml:2:7: bloxs.url: a path doesn't belong in it, bloxdrop knows the paths; write http://x.bloxs.io`,
		`config.toml:3:1: bloxs.apikey: there is no such key; known here are: url, api_key, api_key_file, api_secret, api_secret_file, token, token_file, requests_per_minute, ca_file, proxy`,
		`config.toml:4:23: bloxs.requests_per_minute: a text in quotes stands here; write a whole number without quotes`,
		`config.toml:6:1: watch[1] has no "existing"; say "upload" to send what is in the folder already, or "skip" to leave it`,
		`config.toml:7:8: watch[1].path: "scans" is not an absolute path; write it from the top, such as ` + example,
		`config.toml:8:10: watch[1].settle: 10 is a bare number; write a unit, such as "10s"`,
		"config.toml:9:10: watch[1].layout: column 1: {ref} is not known; known are {reference}, {externalIdentifier} and {name}\n    {ref}\n    ^",
		`config.toml:10:1: watch[2] has no "path"; name the folder that people drop files into, such as ` + example,
		`config.toml:11:12: watch[2].existing: "maybe" is not known; write "upload" or "skip"`,
		`config.toml:12:16: watch[2].ignore[2]: "b[" is not a pattern; "*" is any text, "?" any character, and each "[" or "{" needs its "]" or "}"`,
		`config.toml:15:17: upload.stall_timeout: 60 is a bare number; write a unit, such as "60s"`,
		`config.toml:16:11: upload.workers: 0 is out of range; write a number from 1 to 64`,
		`config.toml:17:12: upload.max_size: 28 is a bare number; write a unit, such as "28 MiB"`,
		`config.toml:18:1: upload.settle: there is no such key; it belongs in [[watch]]`,
		`config.toml:19:13: upload.retry_min: retry_min is 1h and retry_max 15m; the first pause can't be longer than the longest`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\n\nwant\n%s", g, w)
	}
}

// TestProblems has one mistake in each config.
func TestProblems(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(sound, old, new, 1) }
	tests := []struct{ text, want string }{
		{"", `config.toml: nothing is watched`},
		{sound + "x = 1\nx = 2\n", `config.toml:9:1: key`},
		{sound + "[upload]\nworkers = ü\n", `config.toml:9:11: `},
		{replace("'"+absolute("/srv/scans")+"'", `"C:\Users\x"`), `a Windows path needs single quotes`},
		{"\xFF\xFEx", "config.toml: the file is written in UTF-16; save it as UTF-8"},
		{"[\x00x\x00]\x00", "config.toml: the file holds characters with the number 0, as UTF-16 has; save it as UTF-8"},
		{"api_key = \"k\"\n" + sound, `config.toml:1:1: api_key: there is no such key; it belongs in [bloxs]`},
		{sound + "[uplaod]\n", `config.toml:8:1: uplaod: there is no such key; known here are: bloxs, watch,`},
		{replace("[[watch]]", "[watch]"), `config.toml:5:1: watch: a table stands here; write [[watch]], with two brackets`},
		{replace(`"upload"`, `""`), `config.toml:7:12: watch[1] has no "existing"; say "upload" to send what is in ` + absolute("/srv/scans") + ` already, or "skip" to leave it`},
		{replace(`"k"`, "12345"), `config.toml:3:11: bloxs.api_key: a number stands here; put the value in quotes`},
		{replace(`api_key = "k"`, ""), `config.toml:1:1: bloxs has no "api_key"; write it there`},
		{replace(`api_secret = "s"`, ""), `config.toml:1:1: bloxs has no "api_secret"; write it there`},
		{replace(`url = "https://x.bloxs.io"`, ""), `config.toml:1:1: bloxs has no "url"; write the address`},
		{replace(`"k"`, `"k\nl"`), `config.toml:3:11: bloxs.api_key: the value holds a line break`},
		{sound + "relation = \"owners\"", `config.toml:8:12: watch[1].relation: "owners" is not known; write "persons" or "organisations"`},
		{sound + "verify = \"no\"", `watch[1].verify: "no" is not known; write "name" or "exists" or "off"`},
		{sound + "after_upload = \"x\"", `write "keep" or "move" or "delete"`},
		{sound + "settle = \"0s\"", `watch[1].settle: "0s" would leave no time at all`},
		{sound + "rescan = \"60\"", `watch[1].rescan: "60" has no unit; write one, such as "60s"`},
		{sound + "rescan = \"-5s\"", `"-5s" is less than nothing`},
		{sound + "ignore = \"*.x\"", `watch[1].ignore: a text in quotes stands here; write a list of texts`},
		{sound + "ignore = [3]", `config.toml:8:11: watch[1].ignore[1]: the number 3 stands here; write a text in quotes`},
		{sound + "path2 = 2026-01-01", `watch[1].path2: there is no such key; known here are: path, layout,`},
		{sound + "[bloxs.x]\n", `config.toml:8:1: bloxs.x: there is no such key`},
		{sound + "[upload]\nworkers = 65", `upload.workers: 65 is out of range`},
		{sound + "[upload]\nworkers = 4.0", `upload.workers: the number 4 stands here; write a whole number`},
		{sound + "[upload]\non_uncertain = 1", `upload.on_uncertain: the number 1 stands here; write a text in quotes`},
		{sound + "[upload]\non_uncertain = \"x\"", `write "hold" or "resend"`},
		{sound + "[upload]\nmax_size = \"0 MB\"", `no file would be small enough`},
		{sound + "[upload]\nmax_size = \"30\"", `"30" has no unit; write one, such as "30 MiB"`},
		{sound + "[upload]\nretry_max = \"1s\"", `config.toml:9:13: upload.retry_max: retry_min is 5s and retry_max 1s`},
		{sound + "[store]\ndir = \"\"", `store has no "dir"; name a folder on a local disk`},
		{sound + "[notices]\nlanguage = \"de\"", `notices.language: "de" is not known; write "en" or "nl"`},
		{sound + "[notices]\nin_share = \"yes\"", `a text in quotes stands here; write true or false, without quotes`},
		{sound + "[notices]\ncontact = \"a\\nb\"", `notices.contact: it holds a line break`},
		{sound + "[alerts]\nurls = [\"smtp://u:s3cret@mail.example.com/?from=a@example.com\"]", `config.toml:9:9: alerts.urls[1]: no alert could be sent to this URL: something that this service needs is missing or wrong in it; write "smtp://user:password@mail`},
		{sound + "[alerts]\nurls = [\"fax://u:s3cret@x\"]", `config.toml:9:9: alerts.urls[1]: no alert could be sent to this URL: this service is not known`},
		{sound + "[alerts]\nurls = [\"mail\"]", `config.toml:9:9: alerts.urls[1]: this is not a shoutrrr URL`},
		{sound + "[log]\nlevel = \"verbose\"", `write "debug" or "info" or "warn" or "error"`},
		{sound + "[log]\nformat = \"xml\"", `write "auto" or "text" or "json"`},
		{sound + "[log]\nfile = \"x.log\"", `log.file: "x.log" is not an absolute path; write it from the top, such as`},
	}
	for _, tt := range tests {
		got := strings.Join(problems(t, tt.text), "\n")
		if !strings.Contains(got, tt.want) || tt.text != "" && strings.Contains(got, "\n") {
			t.Errorf("in\n%s\ngot  %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestLoadOfNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none.toml")} {
		_, err := Load(path, env())
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--config") {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	const secret = "S3CR3T"
	example, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.NewReplacer("[bloxs]\n", "", "token = \"\"\n", "", "proxy = \"\"\n", "").Replace(string(example)))
	f.Add(strings.TrimPrefix(sound, "[bloxs]\n"))
	f.Add("api_key = 'a'\n[alerts]\nurls = ['x', 3]\n[[watch]]\nlayout = '{'\nsettle = 3")
	f.Add("url = 'https://a:b@x'\nca_file = \"\\q\"")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "config.toml")
		// The secrets stand in sound lines before whatever follows.
		text = "[bloxs]\ntoken = '" + secret + "'\nproxy = '" + secret + "'\n" + text
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, env())
		if err != nil && strings.Contains(err.Error(), secret) && strings.Count(text, secret) == 2 {
			t.Fatalf("the error shows the secret: %v", err)
		}
	})
}

// TestDraft gives what is sound beside the problems, and nothing that isn't.
func TestDraft(t *testing.T) {
	text := strings.Replace(sound, absolute("/srv/scans"), "scans", 1) + `settle = "-1s"
[[watch]]
path = '` + absolute("/srv/other") + `'
existing = "upload"
layout = "{name}"
ignore = ["["]
[store]
dir = "here"
`
	c, err := Draft(write(t, "config.toml", text, 0o600), env())
	var wrong *Error
	if !errors.As(err, &wrong) || len(wrong.Problems) != 5 {
		t.Fatalf("it says %v", err)
	}
	one, two := c.Watch[0], c.Watch[1]
	if one.Path != "" || one.Pattern == nil || one.Settle != watchDefaults().Settle {
		t.Errorf("the first root is %+v", one)
	}
	if two.Path != absolute("/srv/other") || two.Pattern != nil || two.Ignore[0] != "*.bak" {
		t.Errorf("the second root is %+v", two)
	}
	if c.Store.Dir != "" || c.Bloxs.URL == "" {
		t.Errorf("the rest is %+v", c)
	}
	if c, err := Draft(write(t, "config.toml", "[bloxs", 0o600), env()); c != nil || err == nil {
		t.Errorf("of no TOML: %v, %v", c, err)
	}
}

// TestUnread: nobody is told to make a file that is there.
func TestUnread(t *testing.T) {
	for err, want := range map[error]string{fs.ErrNotExist: "make the file", fs.ErrPermission: "as an administrator"} {
		if got := unread(&fs.PathError{Op: "open", Path: "config.toml", Err: err}).Error(); !strings.Contains(got, want) || !strings.Contains(got, "config.toml") {
			t.Error(got)
		}
	}
}
