package config

import (
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, " 1h 30m ": 90 * time.Minute, "500ms": 500 * time.Millisecond, "0s": 0, "1.5h": 90 * time.Minute,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Std() != want {
			t.Errorf("%q: got %v, %v", text, d, err)
		}
	}
	for text, want := range map[string]string{
		"60": `write one, such as "60s"`, "0": "no unit", "1.5": "no unit", "-1s": "less than nothing", "": "is not a duration",
		"1d": "(ms, s, m or h)", "x": "is not a duration", "1e3s": "is not a duration", "9999999999h": "is not a duration",
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", text, d, err, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"28 MiB": 28 << 20, "30MB": 30e6, "1kb": 1000, "1 KiB": 1024, "1.5 GiB": 3 << 29, "2 GB": 2e9, "0 KB": 0, "0.5 KB": 500,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %d, %v", text, s, err)
		}
	}
	for text, want := range map[string]string{
		"28": `write one, such as "28 MiB"`, "-1 MB": "less than nothing", "": "is not a size", "MB": "is not a size", "x MB": "is not a size",
		"28 M": "is not a size", "28 B": "is not a size", "1e3 MB": "is not a size", "Inf MB": "is not a size", "1 2 MB": "is not a size",
		"99999999999 GB": "more than any file can be", ". MB": "is not a size", "1.2.3 MB": "is not a size",
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %d, %v; want %q", text, s, err, want)
		}
	}
}

// FuzzTypes holds that what can be read is written so that it reads the same.
func FuzzTypes(f *testing.F) {
	for _, text := range []string{"10s", "1h30m", "28 MiB", "1.5 GB", "-5s", "60", "\u00b5s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, again Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d || d < 0 {
				t.Errorf("%q: %v became %v, %v", text, d, again, err)
			}
		}
		var s, same Size
		if err := s.UnmarshalText([]byte(text)); err == nil && s%1000 == 0 && s > 0 {
			if err := same.UnmarshalText([]byte(s.String())); err != nil || same != s {
				t.Errorf("%q: %v became %v, %v", text, s, same, err)
			}
		}
	})
}
