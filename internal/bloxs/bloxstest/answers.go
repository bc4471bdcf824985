package bloxstest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// writeProblem answers with a problem object as ASP.NET makes it.
func writeProblem(w http.ResponseWriter, r *http.Request, code int, title string, errors map[string][]string) {
	if title == "" {
		title = http.StatusText(code)
	}
	body, _ := json.Marshal(map[string]any{
		"type":    "https://tools.ietf.org/html/rfc9110",
		"title":   title,
		"status":  code,
		"traceId": "00-" + strings.ToLower(rand.Text()) + "-01",
		"errors":  errors,
	})
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text))
}

func writeHTML(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%d</title></head><body><form action=\"/Account/Login\"></form></body></html>\n", code)
}
