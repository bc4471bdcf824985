package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

const share770 = "/srv/scans" // of somebody else's

// estate is a machine on which bloxdrop is installed as an administrator does
// it, and all that was ever dropped there.
type estate struct {
	*branch
	began  time.Time
	all    map[string]delivery
	rounds int
	listen string
	cert   string
}

// TestInstall goes from the .deb to its purge in a real machine: install,
// configure, start, deliver, kill, hang, reboot, power cut, upgrade, remove.
func TestInstall(t *testing.T) {
	if os.Getenv("BLOXDROP_INSTALL") == "" {
		t.Skip("BLOXDROP_INSTALL=1 asks for it; it boots a machine several times")
	}
	was := patience
	patience = 15 * time.Minute
	t.Cleanup(func() { patience = was })
	former, current := packages(t, "0.0.9"), packages(t, "0.1.0")
	e := newEstate(t)
	e.step("install the former version, 0.0.9", func() { e.installs(former) })
	e.step("configure it, and see what it will meet", e.configures)
	e.step("start, and deliver", func() {
		e.m.Run("systemctl enable --now bloxdrop")
		e.delivers(30)
		e.wants("systemctl show -P StatusText bloxdrop", "running")
		e.wants("bloxdrop start", "runs already")
		e.wants("bloxdrop install", "by a package")
		e.fails("bloxdrop uninstall", "apt remove bloxdrop")
		e.fails("runuser -u clerk bloxdrop stop", "sudo bloxdrop stop")
	})
	e.step("kill -9 while files go", func() {
		e.interrupts(func() { e.signals("KILL") })
	})
	e.step("hang (SIGSTOP): the watchdog starts it anew", func() {
		e.m.Run("mkdir -p /etc/systemd/system/bloxdrop.service.d && printf '[Service]\nWatchdogSec=20\n' >/etc/systemd/system/bloxdrop.service.d/watchdog.conf && systemctl daemon-reload && bloxdrop restart")
		e.interrupts(func() { e.signals("STOP") })
		e.wants("journalctl -u bloxdrop", "Watchdog timeout")
	})
	e.step("reboot", func() {
		e.m.Reboot()
		e.delivers(10)
	})
	e.step("power cut while files go", func() {
		e.interrupts(func() {
			e.m.Cut()
			e.m.Start()
		})
	})
	e.step("upgrade to 0.1.0", func() { e.upgrades(current) })
	e.step("remove", e.removes)
	e.step("purge", e.purges)
	e.step("from the .tar.gz, without a package", func() { e.byHand(current) })
}

// packages runs install/build.sh, and gives the folder with what it makes.
func packages(t *testing.T, version string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dist")
	cmd := exec.Command("../../install/build.sh", version)
	cmd.Env = append(os.Environ(), "BLOXDROP_DIST="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	began := time.Now()
	dir := t.TempDir()
	o := &office{t: t, dir: dir, config: "/etc/bloxdrop/config.toml", log: &testfs.Log{}, asks: "none yet"}
	bloxs, err := bloxstest.New(bloxstest.Options{APIKey: "the key", APISecret: "the secret"})
	o.must(err)
	o.bloxs = bloxs
	t.Cleanup(bloxs.Close)
	e := &estate{branch: &branch{office: o, m: testfs.Boot(t, "plain")}, began: began, all: map[string]delivery{}}
	cert, pair := e.certificate()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	e.must(err)
	bloxs.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}))
	e.listen, e.cert = fmt.Sprintf("https://%s:%d", e.m.Host, listener.Addr().(*net.TCPAddr).Port), string(cert)
	e.m.Run("useradd clerk && groupadd office && install -d -m 2770 -o clerk -g office " + share770)
	t.Cleanup(func() {
		if t.Failed() {
			out, err := e.m.Try(context.WithoutCancel(t.Context()), nil, "systemctl status bloxdrop; journalctl -u bloxdrop | tail -n 60; ls -la /var/lib/bloxdrop")
			t.Log(out, err)
		}
	})
	t.Logf("%7.1f s  the machine is up", time.Since(began).Seconds())
	return e
}

func (e *estate) step(what string, do func()) {
	e.t.Helper()
	began := time.Now()
	do()
	e.t.Logf("%7.1f s  %s: %.1f s", time.Since(e.began).Seconds(), what, time.Since(began).Seconds())
	if e.t.Failed() {
		e.t.FailNow()
	}
}

// wants lets a line succeed and say something; fails lets it fail and say it.
func (e *estate) wants(line, said string) {
	e.t.Helper()
	out, err := e.m.Try(e.t.Context(), nil, "{ "+line+"; } 2>&1")
	if err != nil || !strings.Contains(out, said) {
		e.t.Errorf("`%s`: %v; it does not say %q, but %q", line, err, said, out)
	}
}

func (e *estate) fails(line, said string) {
	e.t.Helper()
	out, err := e.m.Try(e.t.Context(), nil, "{ "+line+"; } 2>&1")
	if err == nil || !strings.Contains(out, said) {
		e.t.Errorf("`%s` should fail: %v; it does not say %q, but %q", line, err, said, out)
	}
}

func (e *estate) copies(dist, pattern string) (to string) {
	e.t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	e.must(err)
	if len(found) != 1 {
		e.t.Fatalf("%s in %s: %v", pattern, dist, found)
	}
	to = "/root/" + filepath.Base(found[0])
	e.m.Put(to, found[0])
	return to
}

func (e *estate) installs(dist string) {
	e.t.Helper()
	e.wants("dpkg -i "+e.copies(dist, "*_linux_amd64.deb"), "bloxdrop check --as-service")
	e.wants("systemd-analyze verify --man=no bloxdrop.service && echo clean", "clean")
	e.t.Log(strings.TrimSpace(e.m.Run("systemd-analyze security --threshold=20 bloxdrop | tail -n 1")))
	e.wants("systemctl is-active bloxdrop || true", "inactive")
	e.wants("stat -c '%a %U %G' /etc/bloxdrop/config.toml", "640 root bloxdrop")
	e.wants("cat /proc/sys/fs/inotify/max_user_watches", "1048576")
	e.fails("bloxdrop start", "existing")
	e.wants("journalctl -u bloxdrop -p err -o cat", "existing")
	e.wants("systemctl stop bloxdrop && systemctl is-active bloxdrop || true", "inactive")
}

// configures does what docs/linux.md says.
func (e *estate) configures() {
	e.t.Helper()
	e.file("/etc/bloxdrop/ca.pem", e.cert)
	e.m.Run(`sed -i -e 's|^url = .*|url = "` + e.listen + `"\nca_file = "/etc/bloxdrop/ca.pem"\nrequests_per_minute = 0|' -e 's|^#existing|settle = "1s"\nrescan = "3s"\nexisting|' /etc/bloxdrop/config.toml`)
	e.m.Run("echo 'the key' | bloxdrop set-secret api_key && echo 'the secret' | bloxdrop set-secret api_secret")
	e.wants("stat -c %a /etc/credstore/bloxdrop.api_key", "600")
	e.fails("bloxdrop check --as-service", "permission denied")
	e.m.Run("mkdir -p /etc/systemd/system/bloxdrop.service.d && printf '[Service]\nSupplementaryGroups=office\n' >/etc/systemd/system/bloxdrop.service.d/share.conf && systemctl daemon-reload")
	e.wants("bloxdrop check --as-service", "no errors")
	e.asks = e.m.Program("/usr/bin/bloxdrop")
}

// drop lets a colleague drop files, which are on the disk then.
func (e *estate) drop(n int) {
	e.t.Helper()
	e.rounds++
	for i := range n {
		person := strconv.Itoa(1000 + i%20)
		e.all[fmt.Sprint(e.rounds, "-", i)] = delivery{person, sum(fmt.Appendf(nil, "file %d of round %d\n", i, e.rounds))}
	}
	e.m.Run(fmt.Sprintf(`cd %s && runuser -u clerk -- sh -c 'umask 007; i=0; while [ $i -lt %d ]; do p=$((1000 + i %% 20)); mkdir -p $p; echo "file $i of round %d" >$p/.new && mv $p/.new $p/%d-$i.txt; i=$((i + 1)); done' && sync`,
		share770, n, e.rounds, e.rounds))
}

// delivers drops files, and waits until Bloxs has them.
func (e *estate) delivers(n int) {
	e.t.Helper()
	e.drop(n)
	e.settled()
}

// settled waits until all is sent, settles what nobody knows, and judges.
func (e *estate) settled() {
	e.t.Helper()
	e.comesToRest()
	e.resolveAll()
	e.comesToRest()
	e.storedOnce(e.all)
	if st := e.status(); st.Sent != len(e.all) {
		e.t.Errorf("%d dropped: %+v", len(e.all), st)
	}
}

// interrupts does something to bloxdrop while files go.
func (e *estate) interrupts(do func()) {
	e.t.Helper()
	e.bloxs.Uploads.Always(bloxstest.SlowAnswer(time.Second))
	before := len(e.bloxs.Stored())
	e.drop(60)
	ctx, cancel := context.WithTimeout(e.t.Context(), patience)
	defer cancel()
	e.must(e.bloxs.WaitStored(ctx, before+5))
	do()
	e.bloxs.Uploads.Clear()
	e.until("running again", func(st control.Status) bool { return st.State == control.Running })
	e.t.Logf("           %d of 60 were stored, %d uncertain", len(e.bloxs.Stored())-before, len(e.uncertain()))
	e.settled()
}

// signals sends the service a signal, and waits until systemd has started it anew.
func (e *estate) signals(name string) {
	e.t.Helper()
	began := time.Now()
	e.m.Run("systemctl kill -s " + name + " bloxdrop; until [ \"$(systemctl show -P NRestarts bloxdrop)\" = 1 ] && systemctl -q is-active bloxdrop; do sleep 0.2; done")
	e.t.Logf("           it is back after %.1f s", time.Since(began).Seconds())
}

func (e *estate) upgrades(dist string) {
	e.t.Helper()
	e.m.Run("echo '# mine' >>/etc/bloxdrop/config.toml && chmod 600 /etc/bloxdrop/config.toml && chown bloxdrop /etc/bloxdrop/config.toml")
	e.wants("dpkg -i "+e.copies(dist, "*_linux_amd64.deb")+" </dev/null", "")
	e.wants("bloxdrop version", "0.1.0")
	e.wants("systemctl is-active bloxdrop", "active")
	e.wants("tail -n 1 /etc/bloxdrop/config.toml", "# mine")
	e.wants("stat -c '%a %U' /etc/bloxdrop/config.toml", "600 bloxdrop")
	e.delivers(10)
}

func (e *estate) removes() {
	e.t.Helper()
	e.wants("dpkg -r bloxdrop", "stays in /var/lib/bloxdrop")
	e.wants("systemctl is-active bloxdrop || true", "inactive")
	e.wants("pgrep -x bloxdrop || echo none", "none")
	e.wants("ls /var/lib/bloxdrop", "ledger.db")
	e.wants("tail -n 1 /etc/bloxdrop/config.toml", "# mine")
}

func (e *estate) purges() {
	e.t.Helper()
	e.wants("dpkg -P bloxdrop", "which files were sent is forgotten")
	e.wants("ls -d /var/lib/bloxdrop /etc/bloxdrop/config.toml /etc/credstore/bloxdrop.api_key 2>&1 || true", "No such file")
	e.fails("ls -d /var/lib/bloxdrop", "No such file")
	e.fails("ls -d /etc/credstore/bloxdrop.api_key", "No such file")
}

// byHand does without a package what the packages do.
func (e *estate) byHand(dist string) {
	e.t.Helper()
	archive := e.copies(dist, "*_linux_amd64.tar.gz")
	e.m.Run("cd /root && tar xzf " + archive)
	e.fails("/root/bloxdrop_*/bloxdrop install", "/usr/local/bin")
	e.m.Run("install -m 755 /root/bloxdrop_*/bloxdrop /usr/local/bin/")
	e.fails("bloxdrop install", "the config can't be read")
	e.fails("runuser -u clerk bloxdrop install", "sudo bloxdrop install")
	e.fails("bloxdrop start", "not installed as a service")
	e.m.Run("rm -rf " + share770 + "/* " + share770 + "/.bloxdrop; install -d -m 750 /etc/bloxdrop; install -m 640 /root/bloxdrop_*/config.example.toml /etc/bloxdrop/config.toml")
	e.file("/etc/bloxdrop/ca.pem", e.cert)
	e.m.Run(`sed -i -e 's|^url = .*|url = "` + e.listen + `"|' -e 's|^ca_file = .*|ca_file = "/etc/bloxdrop/ca.pem"|' -e 's|^settle = .*|settle = "1s"|' -e 's|^rescan = .*|rescan = "3s"|' /etc/bloxdrop/config.toml`)
	e.wants("bloxdrop install", "starts with the machine")
	e.wants("bloxdrop install", "already, just so")
	e.m.Run("cp /etc/bloxdrop/config.toml /etc/bloxdrop/other.toml")
	e.fails("bloxdrop install --config /etc/bloxdrop/other.toml", "bloxdrop uninstall")
	e.fails("bloxdrop install --config /tmp/other.toml", "can't read a config in /tmp/")
	e.fails("bloxdrop check --as-service --config /etc/bloxdrop/other.toml", "the service has another config")
	e.m.Run("mkdir -p /etc/systemd/system/bloxdrop.service.d && printf '[Service]\nSupplementaryGroups=office\n' >/etc/systemd/system/bloxdrop.service.d/share.conf && systemctl daemon-reload")
	e.m.Run("chgrp bloxdrop /etc/bloxdrop /etc/bloxdrop/config.toml && echo 'the key' | bloxdrop set-secret api_key && echo 'the secret' | bloxdrop set-secret api_secret")
	e.wants("bloxdrop check --as-service", "no errors")
	e.wants("bloxdrop start", "is started")
	e.wants("bloxdrop install", "it runs")
	e.wants("bloxdrop restart", "started anew")
	e.m.Run("cp -p /etc/bloxdrop/config.toml /root/ && echo '[unknown]' >>/etc/bloxdrop/config.toml")
	e.fails("bloxdrop restart", "left as it is")
	e.wants("systemctl is-active bloxdrop", "active")
	e.m.Run("cp -p /root/config.toml /etc/bloxdrop/")
	e.asks = e.m.Program("/usr/local/bin/bloxdrop")
	before := len(e.all)
	e.drop(10)
	e.comesToRest()
	e.storedOnce(e.all)
	if st := e.status(); st.Sent != len(e.all)-before {
		e.t.Errorf("%+v", st)
	}
	e.wants("bloxdrop stop", "is stopped")
	e.wants("bloxdrop stop", "was not running")
	e.wants("bloxdrop uninstall", "no service any more")
	e.fails("bloxdrop uninstall", "not installed as a service")
	e.wants("ls /var/lib/bloxdrop", "ledger.db")
}
