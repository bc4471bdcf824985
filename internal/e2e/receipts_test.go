package e2e

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// remember makes a store that has n receipts, from the oldest to the newest at
// the times that at gives. It writes their journal as journals are written, and
// the next start makes the ledger of it.
func (o *office) remember(n int, at func(i int) time.Time) {
	o.t.Helper()
	o.start()
	o.stop()
	path := filepath.Join(o.storeDir(), "journal.jsonl")
	b, err := os.ReadFile(path)
	o.must(err)
	var head struct {
		Seq  uint64
		Salt string
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	o.must(json.Unmarshal(lines[0], &head))
	salt := head.Salt
	o.must(json.Unmarshal(lines[len(lines)-1], &head))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	o.must(err)
	w := &journalWriter{out: bufio.NewWriterSize(f, 1<<20), seq: head.Seq}
	environment := strings.TrimSuffix(o.bloxs.URL, "/")
	for i := range n {
		person := fmt.Sprint(10_000 + i%50_000)
		sum := sha256.Sum256(fmt.Append(nil, "document ", i))
		mac := hmac.New(sha256.New, []byte(salt))
		for _, part := range []string{environment, "persons", "reference", person} {
			mac.Write([]byte(part + "\x00"))
		}
		mac.Write(sum[:])
		item := hex.EncodeToString(mac.Sum(nil)[:12])
		when := at(i)
		w.line(when, fmt.Sprintf(`"op":"gate opened","item":%q,"person":{"Environment":%q,"Relation":"persons","Kind":"reference","ID":%q},"sha256":"%x","size":%d,"root":%q,"path":"%s - %s/%s %d.pdf"`,
			item, environment, person, sum, 40_000+i%900_000, o.root, person, surnames[i%len(surnames)], documents[i%len(documents)], i))
		w.line(when.Add(300*time.Millisecond), fmt.Sprintf(`"op":"receipt","item":%q,"file_id":%d`, item, 2_000_000+i))
	}
	o.must(w.out.Flush())
	o.must(f.Sync())
	o.must(f.Close())
	for _, name := range []string{"ledger.db", "clean-stop.json"} {
		o.remove(filepath.Join(o.storeDir(), name))
	}
}

var (
	surnames  = []string{"Jansen", "de Vries", "El Amrani", "Bakker", "van Dijk", "Visser", "Smit", "Yılmaz", "Mulder", "de Boer", "Nguyễn"}
	documents = []string{"Lease", "Payslip", "Passport", "Key handover", "Employer's statement", "Deposit", "Letter", "Scan"}
)

type journalWriter struct {
	out *bufio.Writer
	seq uint64
}

// line writes the rest of a line behind its checksum, number and time.
func (w *journalWriter) line(at time.Time, rest string) {
	w.seq++
	rest = fmt.Sprintf(`"seq":%d,"at":%q,%s}`, w.seq, at.Format(time.RFC3339Nano), rest)
	fmt.Fprintf(w.out, "{\"crc\":\"%08x\",%s\n", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli)), rest)
}
