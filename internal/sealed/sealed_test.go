package sealed

import (
	"runtime"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	const secret = "a key with ünicode and = signs"
	text, err := Text(secret, "api_key")
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" && strings.Contains(text, secret) {
		t.Error("it is not encrypted")
	}
	if got, err := Plain(text, "api_key"); got != secret || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Plain("written by hand", "api_key"); got != "written by hand" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for name, text := range map[string]string{
		"damaged": head + "AAAA", "no base64": head + "!", "nothing": head,
	} {
		if got, err := Plain(text, "api_key"); err == nil || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if runtime.GOOS != "windows" {
		return
	}
	if got, err := Plain(text, "api_secret"); err == nil {
		t.Errorf("it was opened for another purpose: %q", got)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(head + "AQAAANCMnd8BFdERjHoAwE/Cl+s=")
	f.Add("written by hand")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := Plain(text, "api_key"); err == nil && strings.HasPrefix(text, head) && runtime.GOOS != "windows" {
			t.Errorf("%q was read as %q", text, got)
		}
	})
}
