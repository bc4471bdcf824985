package e2e

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/control"
)

// TestCIFS watches a CIFS mount of a Samba share in a machine, while others
// write to that share at the server itself and through a mount of their own.
// BLOXDROP_CIFS says how often each thing is done.
func TestCIFS(t *testing.T) {
	rounds := number(t, "BLOXDROP_CIFS", 0)
	if rounds == 0 {
		t.Skip("BLOXDROP_CIFS says how many rounds; they take a machine with Samba, and some minutes")
	}
	slowly(t)
	s := newSamba(t)
	s.scenario("CIFS: files written page by page, or moved in whole, by other clients; no events", func() (runs int) {
		for range rounds {
			runs += len(s.write("pages", 20, "/srv/server", "/srv/other"))
		}
		s.comesToRest()
		return runs
	})
	s.scenario("CIFS: a file locked by another client, let go after 20 s", func() int {
		for range rounds {
			s.locked()
		}
		return rounds
	})
	s.scenario("CIFS: a PDF half written by another client, finished after 20 s", func() int {
		for range rounds {
			s.halfWritten()
		}
		return rounds
	})
	s.scenario("CIFS: a file overwritten at the server with as many other bytes while it is sent", func() int {
		for range 5 * rounds {
			s.overwritten()
		}
		return 5 * rounds
	})
	for _, gone := range []outage{
		{"server killed under load, started again", "systemctl kill -s KILL smbd; systemctl stop smbd", "systemctl start smbd", true},
		{"server stopped under load (SIGSTOP), goes on", "pkill -STOP smbd", "pkill -CONT smbd", true},
		{"unmounted under load (lazily), mounted again", "umount -l /srv/scans", mountSamba + "/srv/scans", true},
		{"server restarted under load, back at once", "systemctl restart smbd", "true", false},
	} {
		s.scenario("CIFS: "+gone.what, func() int {
			for range rounds {
				s.gone(gone)
			}
			return rounds
		})
	}
}

const mountSamba = "mount -t cifs //127.0.0.1/share -o guest,vers=3.0,nosharesock "

// samba is a branch whose one root is on a Samba server, which happens to be
// the same machine. /srv/server is the folder there, /srv/scans the program's
// mount of it and /srv/other another client's.
type samba struct {
	*branch
	n     int
	books books
}

type outage struct {
	what, begins, ends string
	shows              bool // status is to say that the root is offline
}

func newSamba(t testing.TB) *samba {
	t.Helper()
	b := newBranch(t, "samba", static(t, "static"), `
[[watch]]
path = "/srv/scans"
existing = "upload"
settle = "4s"
rescan = "4s"
`)
	b.file("/etc/samba/smb.conf", "[global]\nmap to guest = bad user\nload printers = no\ndisable netbios = yes\n[share]\npath = /srv/server\nguest ok = yes\nread only = no\nforce user = root\n")
	b.file("/usr/local/bin/slowly", `#!/bin/bash
# slowly FROM TO...: writes each as a scanner does, in pieces, opened anew for each
from=$1; shift
size=$(stat -c %s "$from"); piece=$((size / 6 + 1))
for to; do mkdir -p "${to%/*}"; : >"$to"; done
for i in 0 1 2 3 4 5; do
  for to; do tail -c +$((i * piece + 1)) "$from" | head -c $piece >>"$to"; done
  sleep 0.$((RANDOM % 6))
done
`)
	b.m.Run("chmod 755 /usr/local/bin/slowly; mkdir -p /srv/server /srv/scans /srv/other /srv/stock && systemctl start smbd && " + mountSamba + "/srv/scans && " + mountSamba + "/srv/other")
	b.begin()
	return &samba{branch: b, books: newBooks()}
}

// scenario does something, lets all come to its end, judges, and prints the row.
func (s *samba) scenario(name string, do func() (runs int)) {
	s.t.Helper()
	sums := &tally{}
	before := len(doubts(s.fetchJournal()))
	sums.runs = do()
	s.comesToRest()
	sums.uncertain = len(doubts(s.fetchJournal())) - before
	s.resolveAll()
	s.comesToRest()
	s.judge(sums, s.books, once)
	sums.print(s.t, name)
}

// stock puts whole files where nobody watches, each with content of its own: a
// third PDFs, a third JPEGs.
func (s *samba) stock(files int) map[string]delivery {
	s.t.Helper()
	var all bytes.Buffer
	out := tar.NewWriter(&all)
	made := map[string]delivery{}
	for range files {
		s.n++
		content, kind := noise(uint64(s.n)<<8, 3_000+s.n%7*9_000), "bin"
		switch s.n % 3 {
		case 0:
			content, kind = slices.Concat([]byte("%PDF-1.7\n"), content, []byte("\n%%EOF\n")), "pdf"
		case 1:
			content, kind = slices.Concat([]byte("\xff\xd8\xff\xe0"), content, []byte("\xff\xd9")), "jpg"
		}
		name := fmt.Sprintf("scan %d.%s", s.n, kind)
		made[name] = delivery{fmt.Sprint(1000 + s.n%20), sum(content)}
		s.must(out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Now()}))
		_, err := out.Write(content)
		s.must(err)
	}
	s.must(out.Close())
	_, err := s.m.Try(s.t.Context(), &all, "tar -xC /srv/stock")
	s.must(err)
	return made
}

// write lets others write files into the share at these places, in turns:
// mostly slowly, some moved in whole.
func (s *samba) write(what string, files int, places ...string) map[string]delivery {
	s.t.Helper()
	made := s.stock(files)
	var line strings.Builder
	turn := 0
	for name, d := range made {
		s.books.owe(d)
		folder := fmt.Sprintf("%s/%s/%s", places[turn%len(places)], d.person, what)
		if turn++; turn%4 == 0 {
			fmt.Fprintf(&line, "mkdir -p '%[1]s' && cp '/srv/stock/%[2]s' '%[1]s/%[2]s.part' && mv '%[1]s/%[2]s.part' '%[1]s/%[2]s' &\n", folder, name)
		} else {
			fmt.Fprintf(&line, "slowly '/srv/stock/%s' '%s/%[1]s' &\n", name, folder)
		}
		if turn%5 == 0 {
			line.WriteString("wait\n")
		}
	}
	line.WriteString("wait")
	s.m.Run(line.String())
	return made
}

// one is one new file in stock, of a kind.
func (s *samba) one(kind string) (name string, d delivery) {
	s.t.Helper()
	for {
		for name, d := range s.stock(1) {
			if strings.HasSuffix(name, kind) {
				return name, d
			}
		}
	}
}

// locked: another client holds a lock on a whole file, so that nobody else can read it.
func (s *samba) locked() {
	s.t.Helper()
	name, d := s.one("bin")
	s.books.owe(d)
	before := len(s.bloxs.Stored())
	said := s.m.Run(fmt.Sprintf(`mkdir -p /srv/other/%[1]s; to='/srv/other/%[1]s/%[2]s'; cp '/srv/stock/%[2]s' "$to.part"
		exec 3<>"$to.part"; flock -x 3; mv "$to.part" "$to"; sleep 2
		! cat '/srv/scans/%[1]s/%[2]s' >/dev/null 2>&1 || echo 'it can be read all the same'
		sleep 20`, d.person, name))
	if said != "" {
		s.t.Error(said)
	}
	if n := len(s.bloxs.Stored()); n > before {
		s.t.Error("sent while another client had it locked")
	}
	s.stored(before + 1)
}

// halfWritten: another client stops in the middle of a PDF for longer than settle.
func (s *samba) halfWritten() {
	s.t.Helper()
	name, d := s.one("pdf")
	s.books.owe(d)
	before := len(s.bloxs.Stored())
	s.m.Run(fmt.Sprintf(`mkdir -p /srv/other/%[1]s; f='/srv/stock/%[2]s'; to='/srv/other/%[1]s/%[2]s'
		exec 3>"$to"; head -c 2000 "$f" >&3; sleep 20; tail -c +2001 "$f" >&3; exec 3>&-; cmp "$f" "/srv/server/%[1]s/%[2]s"`, d.person, name))
	s.stored(before + 1)
}

// overwritten: the server's own user writes other bytes over a file in place, as
// many and within the same second or two, about when it is sent.
func (s *samba) overwritten() {
	s.t.Helper()
	name, d := s.one("bin")
	s.books.whole[d] = true
	path := fmt.Sprintf("/srv/server/%s/%s", d.person, name)
	s.m.Run(fmt.Sprintf(`mkdir -p /srv/server/%[3]s; cp '/srv/stock/%[1]s' '%[2]s'; sleep $((3 + RANDOM %% 4)).$((RANDOM %% 10)); tr '\000-\377' '\001-\377\000' <'/srv/stock/%[1]s' | dd of='%[2]s' conv=notrunc status=none`, name, path, d.person))
	hash, _, _ := strings.Cut(s.m.Run("sha256sum", path), " ")
	s.books.owe(delivery{d.person, hash})
}

// gone takes the share away while files are written to it and sent, looks at
// what status says meanwhile, and gives it back.
func (s *samba) gone(o outage) {
	s.t.Helper()
	before := len(s.bloxs.Stored())
	s.write("before", 12, "/srv/server")
	s.stored(before + 1)
	s.m.Run(o.begins)
	s.write("meanwhile", 8, "/srv/server") // the server's own users go on
	began, said := time.Now(), ""
	for {
		asked := time.Now()
		st := s.status()
		if took := time.Since(asked); took > time.Minute {
			s.t.Errorf("status took %v", took)
		}
		if st.Withdrawn > 0 {
			s.t.Errorf("a share that is away counts as deleted: %+v", st)
		}
		r := st.Roots[0]
		if now := fmt.Sprintf("online %v %q, %d folders unreadable, pauses %v", r.Online, r.Offline, r.Unreadable, st.Pauses); now != said {
			s.t.Logf("%s: after %v: %d waiting, %d sending, %d settling; %s", o.what, time.Since(began).Round(time.Second), st.Waiting, st.Sending, st.Settling, now)
			said = now
		}
		if since := time.Since(began); (!o.shows || !r.Online) && since > 20*time.Second {
			break
		} else if since > patience {
			s.t.Fatal("status does not say that the share is away")
		}
		time.Sleep(2 * time.Second)
	}
	s.m.Run(o.ends)
	s.until("online", func(st control.Status) bool { return st.Roots[0].Online && st.Withdrawn == 0 })
	s.comesToRest()
}
