package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"bloxdrop/internal/sealed"
)

// secrets finds the three secrets. For each, the first that is set of: the key
// itself, the file that key_file names, the key's file in systemd's credentials
// directory, BLOXDROP_KEY in the environment.
func (c *checker) secrets(b *Bloxs, env Env) {
	c.secret("api_key", &b.APIKey, &b.APIKeyFile, env)
	c.secret("api_secret", &b.APISecret, &b.APISecretFile, env)
	c.secret("token", &b.Token, &b.TokenFile, env)

	switch {
	case b.Token.IsSet(), b.APIKey.IsSet() && b.APISecret.IsSet():
	case c.bad("bloxs.api_key", "bloxs.api_secret", "bloxs.token", "bloxs.api_key_file", "bloxs.api_secret_file", "bloxs.token_file"):
		// what is wrong there may be why one is missing
	case c.asking && (c.hidden || !b.APIKey.IsSet() && !b.APISecret.IsSet()):
		// the service has them, and this account may not read them
	case b.APIKey.IsSet():
		c.missing("bloxs", "api_secret", "%s", howToGive("api_secret"))
	case b.APISecret.IsSet():
		c.missing("bloxs", "api_key", "%s", howToGive("api_key"))
	default:
		c.missing("bloxs", "api_key", "%s; likewise api_secret", howToGive("api_key"))
	}
}

func howToGive(key string) string {
	systemd := ""
	if runtime.GOOS == "linux" {
		systemd = " (with none named, it keeps it for systemd's service, and for nobody else)"
	}
	return fmt.Sprintf("write it there, or name a file that holds it with %s_file, which `bloxdrop set-secret %s` writes%s, or set %s in the environment", key, key, systemd, variable(key))
}

func variable(key string) string { return "BLOXDROP_" + strings.ToUpper(key) }

// secret finds one of them, and puts it where it would stand in the file.
func (c *checker) secret(key string, value *Secret, file *string, env Env) {
	path := "bloxs." + key
	from := "" // where it was found, for what is said of it
	switch {
	case value.IsSet() || c.bad(path):
		from = "the value"
	case *file != "":
		path += "_file"
		if !c.path(path, file) {
			return
		}
		*value = c.secretFile(path, *file)
		from = *file
	default:
		if dir := env.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
			from = filepath.Join(dir, key)
			if _, err := os.Stat(from); !errors.Is(err, fs.ErrNotExist) {
				*value = c.credential(path, from)
			}
		}
		if !value.IsSet() && !c.bad(path) {
			from = variable(key)
			*value = NewSecret(strings.TrimSpace(env.Getenv(from)))
		}
	}
	if strings.ContainsFunc(value.value, unicode.IsControl) {
		c.problem(path, "%s holds a line break or another control character; write the secret alone, on one line", from)
	}
}

// secretFile reads a file that the config names for a secret.
func (c *checker) secretFile(key, path string) Secret {
	data, mode, err := read(path)
	if c.asking && errors.Is(err, fs.ErrPermission) {
		c.hidden = true
		return Secret{}
	}
	if err != nil {
		c.problem(key, "the secret can't be read: %v; make the file, and let bloxdrop's account read it", err)
		return Secret{}
	}
	if exposed(mode) {
		c.warn(key, "%s can be read by other accounts (mode %04o); run: chmod 600 %s", path, mode.Perm(), path)
	}
	name := strings.TrimSuffix(strings.TrimPrefix(key, "bloxs."), "_file")
	plain, err := sealed.Plain(secretOf(data).value, name)
	switch {
	case err != nil:
		c.problem(key, "%s can't be read: %v; `bloxdrop set-secret %s` writes it anew", path, err, name)
	case plain == "":
		c.problem(key, "%s is empty; put the secret into it", path)
	}
	return NewSecret(plain)
}

// SecretKeys are the keys of the secrets.
func SecretKeys() []string { return []string{"api_key", "api_secret", "token"} }

// SecretFile tells where the config at path has the secret key: in the file that
// is named there, or, if inline, in the config itself, which comes before any file.
func SecretFile(path, key string) (file string, inline bool, err error) {
	data, _, err := read(path)
	if err != nil {
		return "", false, unread(err)
	}
	c := &checker{file: path}
	doc := c.parse(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
	if err := c.err(); err != nil {
		return "", false, err
	}
	bloxs, _ := doc["bloxs"].(map[string]any)
	value, _ := bloxs[key].(string)
	file, _ = bloxs[key+"_file"].(string)
	if file != "" && !c.path("bloxs."+key+"_file", &file) {
		return "", false, c.err()
	}
	return file, value != "", nil
}

// credential reads a secret from the credentials directory, whose rights are
// systemd's affair.
func (c *checker) credential(key, path string) Secret {
	data, _, err := read(path)
	if err != nil {
		c.problem(key, "the credential can't be read: %v; check LoadCredential in the service's unit", err)
	}
	return secretOf(data)
}

func secretOf(data []byte) Secret { return NewSecret(sealed.Written(data)) }

// warnMode warns of a config that holds secrets and can be read by others. It
// is no error: in a container the mode is often not the administrator's to choose.
func (c *checker) warnMode(config *Config, mode os.FileMode) {
	b := config.Bloxs
	holds := b.APIKey.IsSet() || b.APISecret.IsSet() || b.Token.IsSet() || len(config.Alerts.URLs) > 0
	if holds && exposed(mode) {
		c.warn("", "it holds secrets and can be read by other accounts (mode %04o); run: chmod 600 %s", mode.Perm(), config.Path)
	}
}

func exposed(mode os.FileMode) bool { return runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 }
