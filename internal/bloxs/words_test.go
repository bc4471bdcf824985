package bloxs

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseProblem(t *testing.T) {
	const object = "application/problem+json; charset=utf-8"
	for name, tc := range map[string]struct {
		contentType, body string
		want              Problem
		is                bool
		text              string
	}{
		"whole": {object, `{"type":"x","title":"Not Found.","status":404,"traceId":"00-ab","errors":{"reference":["unknown","really"],"a":["b"]}}`,
			Problem{"Not Found.", "00-ab", map[string][]string{"reference": {"unknown", "really"}, "a": {"b"}}}, true,
			"Not Found: a: b; reference: unknown really (traceId 00-ab)"},
		"nulls":           {object, `{"type":null,"title":null,"traceId":"t","status":400,"errors":null}`, Problem{TraceID: "t"}, true, "(traceId t)"},
		"type and status": {object, `{"type":"https://x","status":404}`, Problem{}, true, ""},
		"errors, a list":  {object, `{"errors":["a","b",3]}`, Problem{Errors: map[string][]string{"": {"a", "b"}}}, true, "a b"},
		"errors, a text":  {object, `{"errors":{"x":"y"}}`, Problem{Errors: map[string][]string{"x": {"y"}}}, true, "x: y"},
		"a gateway's":     {"application/json", `{"statusCode":404,"message":"Resource not found"}`, Problem{}, false, ""},
		"empty object":    {"application/json", `{}`, Problem{}, false, ""},
		"a string":        {"application/json", `"No file was uploaded."`, Problem{Title: "No file was uploaded."}, false, "No file was uploaded."},
		"plain text":      {"text/plain", "No file\r\nwas \x1b[31muploaded.", Problem{Title: "No file was [31muploaded."}, false, "No file was [31muploaded."},
		"a page":          {"text/html", `<html>`, Problem{}, false, ""},
		"a hidden page":   {"application/json", " <!DOCTYPE html>", Problem{}, false, ""},
		"markup inside":   {object, `{"title":"a <b>bold</b> < 3 word<script"}`, Problem{Title: "a bold < 3 word"}, true, "a bold < 3 word"},
		"nothing":         {"", "", Problem{}, false, ""},
		"a number":        {"application/json", "5", Problem{}, false, ""},
	} {
		got, is := parseProblem(tc.contentType, []byte(tc.body))
		if !reflect.DeepEqual(got, tc.want) || is != tc.is || got.Text() != tc.text {
			t.Errorf("%s: %+v %v %q", name, got, is, got.Text())
		}
	}
}

func TestNamesPerson(t *testing.T) {
	errors := func(key, text string) Problem { return Problem{Errors: map[string][]string{key: {text}}} }
	for name, tc := range map[string]struct {
		p    Problem
		want bool
	}{
		"key":                   {errors("Reference", "bad"), true},
		"key with a prefix":     {errors("$.query.reference", "bad"), true},
		"the other kind's key":  {errors("externalIdentifier", "bad"), false},
		"text":                  {errors("", "There is no person with number 1234."), true},
		"title":                 {Problem{Title: "Relation '1234' does not exist"}, true},
		"another number":        {errors("", "There is no person with number 12345."), false},
		"about the file":        {errors("File", "1234 bytes are too many"), false},
		"a word about the file": {Problem{Title: "No file was uploaded."}, false},
	} {
		if got := tc.p.NamesPerson("reference", "1234"); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if errors("File", "a person").NamesPerson("reference", "") {
		t.Error("no identifier is no person")
	}
}

func FuzzParseProblem(f *testing.F) {
	f.Add("application/json", []byte(`{"title":"a","errors":{"b":["c"]}}`))
	f.Add("text/plain", []byte("<x\x00\x1b\u202e"))
	f.Add("", []byte(`{"errors":[{"a":1}],"status":1,"type":"<"}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		p, _ := parseProblem(contentType, body)
		p.NamesPerson("reference", "1")
		sentence := (&Error{Op: OpUpload, Status: 404, Problem: p, Location: contentType}).Error()
		for _, text := range []string{p.Text(), sentence} {
			if utf8.RuneCountInString(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q", text)
			}
		}
	})
}

func TestFileID(t *testing.T) {
	for body, want := range map[string]int64{
		"1": 1, " 42\r\n": 42, "9223372036854775807": 1<<63 - 1,
		"": 0, "0": 0, "-1": 0, "+1": 0, "01": 0, "1.0": 0, "1e3": 0, `"1"`: 0, "null": 0, "[1]": 0, "1 2": 0,
		"9223372036854775808": 0, "1_0": 0, "0x1": 0, "１": 0, "1\v": 0, "true": 0,
	} {
		if got := fileID([]byte(body)); got != want {
			t.Errorf("%q: %d, want %d", body, got, want)
		}
	}
}

func FuzzFileID(f *testing.F) {
	for _, seed := range []string{"1", "-1", "1.0", " 7 ", `"7"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id := fileID(body)
		digits := strings.Trim(string(body), " \t\r\n")
		canonical := digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == "" &&
			(len(digits) < 19 || len(digits) == 19 && digits <= "9223372036854775807")
		if (id > 0) != canonical || id < 0 {
			t.Errorf("%q gives %d", body, id)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "12": 12 * time.Second, "0": time.Second, "-5": 0, "soon": 0, "99999999999999": maxRetryAfter,
		"Sun, 01 Mar 2026 12:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": time.Second,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, name := range []string{"a.pdf", `"quoted\".pdf`, "regel\r\nX: 1", "é.jpg", "=?utf-8?q?a?=", "\xff", "a'b%41*"} {
		f.Add(name, "image/jpeg", []byte("\r\n--bloxdrop"))
	}
	f.Fuzz(func(t *testing.T, name, contentType string, content []byte) {
		head, tail, requestType := Envelope(name, contentType)
		_, params, err := mime.ParseMediaType(requestType)
		if err != nil {
			t.Fatal(err)
		}
		r := multipart.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(content), bytes.NewReader(tail)), params["boundary"])
		part, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		_, fields, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil || fields["name"] != "File" || fields["filename"] != strings.ToValidUTF8(name, "\ufffd") {
			t.Errorf("%q became %q, %v", name, fields, err)
		}
		if len(part.Header) != 2 {
			t.Errorf("header %v", part.Header)
		}
		if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, content) {
			t.Errorf("content %q became %q, %v", content, got, err)
		}
		if _, err := r.NextRawPart(); err != io.EOF {
			t.Errorf("after the file: %v", err)
		}
	})
}

// The plain parameter is for servers that know no other: without anything
// that they would read in different ways.
func TestEnvelopePlainName(t *testing.T) {
	for name, want := range map[string]string{
		"scan 1_(a)-b.pdf": `filename="scan 1_(a)-b.pdf"` + "\r\n",
		`a"b\c` + "\n\x00": `filename="a_b_c__"; filename*=UTF-8''a%22b%5Cc%0A%00` + "\r\n",
		"é\xff.pdf":        "filename=\"é\ufffd.pdf\"; filename*=UTF-8''%C3%A9%EF%BF%BD.pdf\r\n",
		"=?utf-8?q?a?=":    `filename="=?utf-8?q?a?="; filename*=UTF-8''%3D%3Futf-8%3Fq%3Fa%3F%3D` + "\r\n",
	} {
		if head, _, _ := Envelope(name, ""); !strings.Contains(string(head), want) {
			t.Errorf("%q: %s", name, head)
		}
	}
}

func TestSentenceIsBounded(t *testing.T) {
	e := &Error{Op: OpUpload, Status: 400, Problem: Problem{Title: strings.Repeat("é", 5000), TraceID: "00-abc"}}
	text := e.Error()
	if utf8.RuneCountInString(text) > maxText || !strings.HasPrefix(text, "Bloxs answered the upload with 400 Bad Request: é") {
		t.Errorf("%q", text)
	}
	if !strings.HasSuffix(e.Problem.Text(), "… (traceId 00-abc)") {
		t.Errorf("the traceId was cut off: %q", e.Problem.Text())
	}
}
