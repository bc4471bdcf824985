package bloxs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

func TestFindPerson(t *testing.T) {
	server := newServer(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{
		"12": {Name: "P. de Vries", Fields: map[string]any{"address": map[string]any{"lines": []any{"Kade 1", 5, nil}}}},
		"13": {Fields: map[string]any{"notes": slices.Repeat([]any{"x"}, 1000)}},
	})})
	c := newClient(t, config(t, server.URL))
	ctx := testContext(t)
	for _, kind := range []string{"reference", "externalIdentifier"} {
		found, err := c.FindPerson(ctx, "persons", kind, "12")
		if err != nil || !slices.Contains(found, "P. de Vries") || !slices.Contains(found, "Kade 1") || slices.Contains(found, "") {
			t.Errorf("%q, %v", found, err)
		}
	}
	if found, err := c.FindPerson(ctx, "persons", "reference", "13"); err != nil || len(found) != maxStrings {
		t.Errorf("%d strings, %v", len(found), err)
	}
	var no *Error
	_, err := c.FindPerson(ctx, "persons", "reference", "99")
	if !errors.As(err, &no) || no.Status != 404 || !no.IsProblem || !no.Problem.NamesPerson("reference", "99") {
		t.Errorf("got %v", err)
	}
}

func TestFindPersonGoesWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		fault bloxstest.Fault
		want  Error
	}{
		"forbidden":  {bloxstest.EmptyStatus(403), Error{Status: 403}},
		"login page": {bloxstest.LoginPage(), Error{Status: 200, HTML: true}},
		"no object":  {bloxstest.WrongID(`["a"]`), Error{Status: 200, Invalid: true}},
		"null":       {bloxstest.WrongID(`null`), Error{Status: 200, Invalid: true}},
		"cut JSON":   {bloxstest.WrongID(`{"a":`), Error{Status: 200, Invalid: true}},
		"endless":    {bloxstest.WrongID(`{"a":"` + strings.Repeat("x", maxAnswer) + `"}`), Error{Status: 200, Invalid: true}},
		"redirect":   {bloxstest.Redirect(), Error{Status: 302}},
		"expired":    {bloxstest.EmptyStatus(401), Error{Status: 401}},
	} {
		server := newServer(t, bloxstest.Options{})
		server.LookUps.Next(tc.fault)
		_, err := newClient(t, config(t, server.URL)).FindPerson(testContext(t), "persons", "reference", "1")
		var got *Error
		if !errors.As(err, &got) || got.Op != OpLookUp || got.Status != tc.want.Status || got.HTML != tc.want.HTML || got.Invalid != tc.want.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	server := newServer(t, bloxstest.Options{})
	server.LookUps.Always(bloxstest.TruncatedAnswer())
	var answered *Error
	if _, err := newClient(t, config(t, server.URL)).FindPerson(testContext(t), "persons", "reference", "1"); err == nil || errors.As(err, &answered) {
		t.Errorf("a cut answer: %v", err)
	}
}
