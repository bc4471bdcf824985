package simulation

// plantedBugs are what the promises hang on. What package store keeps is planted
// in its model, which stands in its place here.
func plantedBugs() []planted {
	return []planted{
		{"the gate is written down when the answer is there", []change{
			{"queue/done.go", "\tif err := q.store.OpenGate(job.Item.ID, place); err != nil {\n\t\treturn err\n\t}\n", ""},
			{"queue/done.go", "\tid, now := job.Item.ID, q.opts.Now()\n", "\tid, now := job.Item.ID, q.opts.Now()\n\tif job.Item.State == store.Sending {\n\t\t_ = q.store.OpenGate(id, job.Places[0])\n\t}\n"},
		}},
		{"the journal is not synced", []change{
			{"internal/model/store.go", "\t\t\treturn s.sync()\n\t\t}\n\t\treturn s.step(Changed)", "\t\t\treturn s.step(Appended)\n\t\t}\n\t\treturn s.step(Changed)"},
		}},
		{"a receipt that can't be written is dropped", []change{
			{"queue/done.go", "\t\tif err == nil {\n\t\t\tbreak\n\t\t}\n\t\tif !warned", "\t\tif err == nil || o.Class == Delivered {\n\t\t\tbreak\n\t\t}\n\t\tif !warned"},
		}},
		{"the path is not looked at again", []change{
			{"uploader/gate.go", "\tif err := a.src.unchanged(); err != nil {\n\t\treturn err\n\t}\n", ""},
			{"uploader/body.go", "n, err := b.file.Read(one[:])", "n, err := len(one)-1, io.EOF"},
		}},
		{"the hash is not checked at the gate", []change{
			{"uploader/body.go", "case b.size != item.Size || store.Digest(b.hash.Sum(nil)) != item.SHA256:", "case b.size != item.Size:"},
		}},
		{"a file is not looked at before its deletion", []change{
			{"internal/archive/visit.go", "if still == nil && (note.Delete || note.Place.Racy) {", "if false {"},
		}},
		{"a second place is an item of its own", []change{
			{"internal/model/offer.go", "id := l.itemID(o.Person, o.SHA256)\n", "id := l.digest([]byte(string(l.itemID(o.Person, o.SHA256)) + o.Rel))\n"},
		}},
		{"a file is moved before its receipt", []change{
			{"store/after.go", "return it.State == Sent && it.FileID != 0", "return it.State == Sending || it.State == Sent && it.FileID != 0"},
		}},
		{"retry lets an uncertain item go", []change{
			{"internal/model/send.go", "if it.State != store.Waiting && it.State != store.Held || it.Reason == store.Uncertain {", "if it.State != store.Waiting && it.State != store.Held {"},
		}},
		{"an uncertain item is resent for ever", []change{
			{"queue/queue.go", "return q.opts.Resend && it.Uncertain == 0", "return q.opts.Resend"},
		}},
		{"half a baseline counts", []change{
			{"watcher/baseline.go", "const baselineBatch = 4096", "const baselineBatch = 2"},
			{"internal/model/baseline.go", "\tif ln.Complete {\n\t\tif ln.Count != b.noted {", "\tif ln.Complete || len(ln.Files) > 0 {\n\t\tif ln.Complete && ln.Count != b.noted {"},
		}},
		{"a silence behind the gate counts as not stored", []change{
			{"uploader/outcome.go", "passed := h.gateOpen && h.wrote\n", "passed := h.gateOpen && h.answer != nil\n"},
		}},
		{"a 502 behind the gate counts as not stored", []change{
			{"uploader/outcome.go", "\tcase passed:\n\t\treturn queue.Uncertain // 502", "\tcase false:\n\t\treturn queue.Uncertain // 502"},
		}},
		{"any 2xx counts as stored", []change{
			{"uploader/outcome.go", "if passed && a.FileID > 0 && a.BodyErr == nil {", "if true {"},
		}},
		{"a gate that is open at a start is forgotten", []change{
			{"queue/queue.go", "q.store.NobodyKnows(it.ID, q.again(it), try)", "q.store.NotStored(it.ID, try)"},
		}},
		{"a stop takes back what has passed its gate", []change{
			{"uploader/outcome.go", "\tcase passed:\n\t\treturn queue.Outcome{Class: queue.Uncertain", "\tcase passed && !errors.Is(h.err, errStopping):\n\t\treturn queue.Outcome{Class: queue.Uncertain"},
			{"uploader/outcome.go", "errors.Is(h.err, errStopping) && !h.gateOpen:", "errors.Is(h.err, errStopping):"},
			{"queue/done.go", "\t\to.Class = Uncertain\n\t}\n\twarned", "\t\t_ = Uncertain\n\t}\n\twarned"},
		}},
		{"content joins the item of another person", []change{
			{"internal/model/offer.go", "id := l.itemID(o.Person, o.SHA256)\n", "id := l.itemID(o.Person, o.SHA256)\n\tfor _, other := range l.items {\n\t\tif other.SHA256 == o.SHA256 && other.State == store.Sent {\n\t\t\tid = other.ID\n\t\t}\n\t}\n"},
		}},
		{"a place goes without proof, since its root is away", []change{
			{"watcher/standing.go", "\tif marked {\n\t\treturn standing{offline:", "\tif marked && false {\n\t\treturn standing{offline:"},
			{"watcher/standing.go", "if empty && (moved || r.base == nil) && r.hadPlaces() {", "if false {"},
		}},
		{"a file counts as whole at the first look", []change{
			{"watcher/looking.go", "case e.equal < 2 || now.Sub(e.since) < s.settle:", "case false:"},
		}},
		{"a PDF is not waited for to its end", []change{
			{"watcher/hash.go", "\tif !bytes.Contains(tail[:n], end) {", "\tif false && !bytes.Contains(tail[:n], end) {"},
		}},
		{"a file of the baseline is known by its path alone", []change{
			{"internal/model/skip.go", "if !ok || b.size != f.Look.Size {", "if !ok {"},
		}},
		{"what a person has resolved is not on the disk", []change{
			{"internal/model/send.go", "\t\tis, err := l.lineOn(it, ln)\n\t\treturn is, &ln, err\n\t})\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn s.writeThrough(func(*picture) error { return nil })\n}\n\n// SendAgain", "\t\tis, err := l.lineOn(it, ln)\n\t\treturn is, nil, err\n\t})\n\treturn err\n}\n\n// SendAgain"},
		}},
	}
}
