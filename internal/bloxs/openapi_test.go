package bloxs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Every request that the client makes, and every answer of the simulated
// Bloxs, is what the description says.
func TestRequestsMatchOpenAPI(t *testing.T) {
	known := bloxstest.Directory(map[string]bloxstest.Person{"1 & 2": {Name: "A"}})
	simulated, err := bloxstest.New(bloxstest.Options{KeepBytes: true, Persons: known, Organisations: known})
	if err != nil {
		t.Fatal(err)
	}
	defer simulated.Close()
	check := newChecker(t, simulated)
	server := httptest.NewServer(check)
	defer server.Close()
	c := newClient(t, config(t, server.URL))
	s := newSender(t, c)
	ctx := testContext(t)

	for _, r := range Relations() {
		relation := r.Word
		for _, kind := range []string{"reference", "externalIdentifier"} {
			for _, person := range []string{"1 & 2", "unknown"} {
				_, err := c.FindPerson(ctx, relation, kind, person)
				var refused *Error
				if errors.As(err, &refused) != (person == "unknown") {
					t.Errorf("look-up of %s: %v", person, err)
				}
				token, err := c.Token(ctx)
				if err != nil {
					t.Fatal(err)
				}
				u := newUpload(token, person, `scan "é".pdf`, []byte("%PDF-1.7"))
				u.Relation, u.Kind = relation, kind
				a, err := s.Send(ctx, u)
				if err != nil || (a.FileID > 0) != (person != "unknown") {
					t.Errorf("upload for %s: %+v, %v", person, a, err)
				}
			}
		}
	}
	if got := simulated.Stored(); len(got) != 4 || string(got[3].Bytes) != "%PDF-1.7" || got[3].Relation != "organisations" {
		t.Errorf("stored %+v", got)
	}
	if check.requests != 1+8+8 {
		t.Errorf("%d requests", check.requests)
	}
}

// The check must be able to fail.
func TestOpenAPIRefusesOtherRequests(t *testing.T) {
	check := newChecker(t, http.NotFoundHandler())
	for _, r := range []*http.Request{
		httptest.NewRequest("POST", "/Authorization", strings.NewReader(`{"apiKey":"a"}`)),
		httptest.NewRequest("PUT", "/api/v1/relations/persons?reference=1", nil),
		httptest.NewRequest("GET", "/api/v1/relations/persons?reference=1", nil), // no token
		httptest.NewRequest("GET", "/api/v1/relations/cats?reference=1", nil),
		httptest.NewRequest("GET", "/api/v1/relations/persons?reference=1&externalIdentifier=2", nil),
		httptest.NewRequest("GET", "/api/v1/relations/persons", nil),
		httptest.NewRequest("POST", "/api/v1/relations/persons/files?externalIdentifier=1", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"Bestand\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n")),
	} {
		r.Header.Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/files") {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		}
		if r.URL.RawQuery != "reference=1" || strings.Contains(r.URL.Path, "cats") {
			r.Header.Set("Authorization", "Bearer x")
		}
		if _, err := check.validate(r); err == nil {
			t.Errorf("%s %s passes", r.Method, r.URL)
		}
	}
}

// checker passes requests on to next once they have been validated.
type checker struct {
	t        *testing.T
	router   routers.Router
	next     http.Handler
	requests int // they come one by one
}

func newChecker(t *testing.T, next http.Handler) *checker {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &checker{t: t, router: router, next: next}
}

func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests++
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	input, err := c.validate(r)
	if err != nil {
		c.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		http.Error(w, "invalid", http.StatusTeapot)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	c.next.ServeHTTP(rec, r)
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: rec.Code, Header: rec.Header()}
	answer.SetBodyBytes(rec.Body.Bytes())
	if err := openapi3filter.ValidateResponse(r.Context(), answer); err != nil {
		c.t.Errorf("answer to %s %s: %v", r.Method, r.URL, err)
	}
	for key, values := range rec.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func (c *checker) validate(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
			if !strings.HasPrefix(in.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer ") {
				return errors.New("no bearer token")
			}
			return nil
		},
	}}
	if n := len(r.URL.Query()); route.Operation.OperationID != "signIn" && n != 1 { // OpenAPI can't say this
		return nil, fmt.Errorf("%d parameters", n)
	}
	return input, openapi3filter.ValidateRequest(r.Context(), input)
}
