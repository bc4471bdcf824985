package install

import (
	"os"
	"strings"
	"testing"
)

// TestConfigStays: dpkg asks on an upgrade about a config that has changed on
// both sides, and ends the upgrade where nobody is there to answer. So what
// packages bring never changes: new keys go into config.example.toml.
func TestConfigStays(t *testing.T) {
	b, err := os.ReadFile("config.toml")
	if err != nil {
		t.Fatal(err)
	}
	if len(b) != 647 || !strings.Contains(string(b), "#existing") {
		t.Errorf("install/config.toml has changed: every upgrade will ask about it")
	}
}
