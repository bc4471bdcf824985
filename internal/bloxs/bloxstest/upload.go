package bloxstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

var (
	errAnswered = errors.New("a fault has answered in mid-body")
	errNoFile   = errors.New("no file")
)

// upload takes a file as ASP.NET does: who asks comes first, then the body as
// a whole, and the person only when all of it is there.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	kind, id := identifier(r)
	fault := s.Uploads.begin(id)
	if fault.stage == atBytes && fault.bytes == 0 && fault.play(s, w, r) {
		return
	}
	if s.limited(w, true) || !s.authorized(w, r) {
		return
	}
	if r.ContentLength > s.opts.BodyLimit {
		_ = http.NewResponseController(w).EnableFullDuplex() // an early answer, as Kestrel's
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	body := io.Reader(r.Body)
	if fault.stage == atBytes && fault.bytes > 0 {
		body = &tripwire{Reader: body, left: fault.bytes, trip: func() bool { return fault.play(s, w, r) }}
	}
	file, err := s.receive(r.Header.Get("Content-Type"), body)
	if errors.Is(err, errAnswered) {
		return
	}
	if err != nil && !errors.Is(err, errNoFile) {
		// The client is gone or talks nonsense. Nothing is stored.
		writeProblem(w, r, http.StatusBadRequest, "The body could not be read.", nil)
		return
	}
	if fault.stage == afterBody && fault.play(s, w, r) {
		return
	}
	if errors.Is(err, errNoFile) {
		writeText(w, http.StatusBadRequest, "No file was uploaded.")
		return
	}
	if _, ok := s.person(relationOf(r), kind, id); !ok {
		s.opts.Log.Info("file for an unknown person refused", "person", id, "name", file.Name)
		writeProblem(w, r, http.StatusNotFound, "Person not found.", map[string][]string{kind: {"There is no person with " + kind + " " + id + "."}})
		return
	}
	file.Kind, file.Person, file.At = kind, id, s.opts.Now()
	file.Relation = relationOf(r)
	file.ID, err = s.ledger.store(file)
	if err != nil {
		writeProblem(w, r, http.StatusInternalServerError, err.Error(), nil)
		return
	}
	s.opts.Log.Info("file stored", "person", id, "name", file.Name, "size", file.Size, "file_id", file.ID)
	if fault.stage == stored && fault.play(s, w, r) {
		return
	}
	writeJSON(w, http.StatusOK, strconv.AppendInt(nil, file.ID, 10))
}

// receive reads a whole body and returns its file, hashed on the way.
func (s *Server) receive(contentType string, body io.Reader) (File, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "multipart/form-data" {
		_, err := io.Copy(io.Discard, body)
		return File{}, errors.Join(errNoFile, err)
	}
	buf := s.copies.Get().(*[]byte)
	defer s.copies.Put(buf)

	var file File
	found := false
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextRawPart() // undoes no encoding, as ASP.NET doesn't
		if err == io.EOF {
			break
		}
		if err != nil {
			return File{}, err
		}
		field, name, ok := disposition(part.Header.Get("Content-Disposition"))
		if found || !ok || !strings.EqualFold(field, "File") {
			continue
		}
		found = true
		file = File{Name: name, ContentType: part.Header.Get("Content-Type")}
		if err := s.readFile(&file, part, *buf); err != nil {
			return File{}, err
		}
	}
	// The end of the parts is not yet the end of the body.
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{body}, *buf); err != nil {
		return File{}, err
	}
	if !found || file.Size == 0 {
		return File{}, errNoFile
	}
	return file, nil
}

func (s *Server) readFile(file *File, part io.Reader, buf []byte) (err error) {
	hash := sha256.New()
	var kept bytes.Buffer
	sink := io.Writer(hash)
	if s.opts.KeepBytes {
		sink = io.MultiWriter(hash, &kept)
	}
	file.Size, err = io.CopyBuffer(sink, part, buf)
	file.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if s.opts.KeepBytes {
		file.Bytes = kept.Bytes()
	}
	return err
}

// disposition reads a Content-Disposition as ASP.NET does: filename* wins,
// RFC 2047 words are decoded, and backslash escapes stay.
func disposition(header string) (field, filename string, ok bool) {
	mediaType, params, err := mime.ParseMediaType(header)
	if err != nil || mediaType != "form-data" {
		return "", "", false
	}
	filename, ok = params["filename"]
	if strings.Contains(strings.ToLower(header), "filename*=") {
		return params["name"], filename, ok // net/mime lets filename* win as well
	}
	if _, rest, quoted := strings.Cut(header, `filename="`); ok && quoted {
		filename = rawQuoted(rest)
	}
	if decoded, err := new(mime.WordDecoder).DecodeHeader(filename); err == nil {
		filename = decoded
	}
	return params["name"], filename, ok
}

// rawQuoted returns s up to the closing quote, escapes and all.
func rawQuoted(s string) string {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[:i]
		}
	}
	return s
}

// tripwire calls trip once when left bytes have been read.
type tripwire struct {
	io.Reader
	left int64
	trip func() (over bool)
	dead bool
}

func (t *tripwire) Read(p []byte) (int, error) {
	if t.dead {
		return 0, errAnswered
	}
	if t.trip == nil {
		return t.Reader.Read(p)
	}
	if t.left == 0 {
		t.dead = t.trip()
		t.trip = nil
		return t.Read(p)
	}
	n, err := t.Reader.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	return n, err
}
