package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written with its unit: "90s", "1h30m".
type Duration time.Duration

// Std returns d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives the form that the file takes: "15m" rather than "15m0s".
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText is the inverse of UnmarshalText.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration of 0 or more, and refuses one without a unit.
func (d *Duration) UnmarshalText(text []byte) error {
	plain := strings.Join(strings.Fields(string(text)), "")
	if isNumber(plain) {
		return fmt.Errorf("%q has no unit; write one, such as %q", text, plain+"s")
	}
	value, err := time.ParseDuration(plain)
	switch {
	case err != nil:
		return fmt.Errorf(`%q is not a duration; write a number and a unit (ms, s, m or h), such as "90s" or "1h30m"`, text)
	case value < 0:
		return fmt.Errorf("%q is less than nothing; write a duration without a minus sign", text)
	}
	*d = Duration(value)
	return nil
}

func (d *Duration) bareNumber(number string) error {
	return fmt.Errorf("%s is a bare number; write a unit, such as %q", number, number+"s")
}

// Size is a number of bytes, written with its unit: "28 MiB", "30 MB".
type Size int64

type unit struct {
	name  string
	bytes int64
}

// units gives the units of a size, those first that String prefers.
func units() []unit {
	return []unit{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}}
}

// String gives the form that the file takes, in the largest unit of which s is a whole number.
func (s Size) String() string {
	for _, u := range units() {
		if s != 0 && int64(s)%u.bytes == 0 {
			return fmt.Sprintf("%d %s", int64(s)/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", int64(s))
}

// MarshalText is the inverse of UnmarshalText, for every size that it can read
// without rounding.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a size of 0 or more, and refuses one without a unit.
func (s *Size) UnmarshalText(text []byte) error {
	plain := strings.TrimSpace(string(text))
	if isNumber(plain) {
		return fmt.Errorf("%q has no unit; write one, such as %q", text, plain+" MiB")
	}
	for _, u := range units() {
		if len(plain) <= len(u.name) || !strings.EqualFold(plain[len(plain)-len(u.name):], u.name) {
			continue
		}
		number := strings.TrimSpace(plain[:len(plain)-len(u.name)])
		if !isNumber(number) {
			break
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			break
		}
		if value < 0 {
			return fmt.Errorf("%q is less than nothing; write a size without a minus sign", text)
		}
		if value *= float64(u.bytes); value >= math.MaxInt64 {
			return fmt.Errorf("%q is more than any file can be; write a smaller size", text)
		}
		*s = Size(value)
		return nil
	}
	return fmt.Errorf(`%q is not a size; write a number and a unit (KB, MB, GB, KiB, MiB or GiB), such as "28 MiB"`, text)
}

func (s *Size) bareNumber(number string) error {
	return fmt.Errorf("%s is a bare number; write a unit, such as %q", number, number+" MiB")
}

// isNumber tells whether text is a plain decimal number: no exponent, no "Inf".
func isNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" || digits == "." || strings.Count(digits, ".") > 1 {
		return false
	}
	return strings.Trim(digits, "0123456789.") == ""
}

// Secret is a text that is never shown: every way of printing it gives ***.
type Secret struct{ value string }

// NewSecret makes a Secret of a text.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the text. Hand it to what needs it; never log it.
func (s Secret) Reveal() string { return s.value }

// IsSet tells whether there is a text.
func (s Secret) IsSet() bool { return s.value != "" }

const hidden = "***"

func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(hidden)) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes the text, without white space at its ends.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = strings.TrimSpace(string(text))
	return nil
}

func (s *Secret) bareNumber(string) error {
	return errors.New("a number stands here; put the value in quotes")
}
