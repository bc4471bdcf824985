package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bloxdrop/internal/config"
	"bloxdrop/internal/sealed"
	"bloxdrop/internal/service"
	"bloxdrop/internal/wholefile"
)

func (e *env) setSecret() *cobra.Command {
	keys := config.SecretKeys()
	return &cobra.Command{
		Use: "set-secret " + strings.Join(keys, "|"), Short: "Store a secret in a file that only the service and administrators read",
		Long: `Store a secret in a file that only the service and administrators read. It is
asked for without being shown, or read from standard input; it never stands on
the command line. On Windows the file is encrypted for this computer (DPAPI).

The file is the one that api_key_file (api_secret_file, token_file) names in the
config. Where none is named it is systemd's, or this says what to write there.`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: keys,
		RunE:      func(cmd *cobra.Command, args []string) error { return e.storeSecret(cmd.Context(), args[0]) },
	}
}

func (e *env) storeSecret(ctx context.Context, key string) error {
	path, err := filepath.Abs(e.configPath)
	if err != nil {
		return err
	}
	file, inline, err := config.SecretFile(path, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage(err)
	}
	if inline {
		return usage(fmt.Errorf("%s stands in %s itself, which counts before any file: take it out there first", key, path))
	}
	secret, err := e.readSecret(ctx, key, "")
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("stopped; nothing was stored")
	}
	if file == "" && path == defaultConfig(os.Getenv) && service.StoresSecrets() {
		return e.tell(service.SetSecret(ctx, key, secret))
	}
	file, advice := secretPlace(path, key, file)
	if err := writeSecret(file, key, secret); err != nil {
		return fmt.Errorf("%s can't be stored: %w", key, err)
	}
	return e.tell(fmt.Sprintf("%s is stored in %s%s", key, file, advice), nil)
}

// secretPlace is the file for a secret, and what is still to be done.
func secretPlace(configPath, key, named string) (file, advice string) {
	if named != "" {
		return named, "; a running service takes it up by `bloxdrop restart`"
	}
	file = filepath.Join(filepath.Dir(configPath), key+".secret")
	return file, fmt.Sprintf("; now write into %s, under [bloxs]:\n%s_file = '%s'", configPath, key, file)
}

func writeSecret(file, key, secret string) error {
	text, err := sealed.Text(secret, key)
	if err != nil {
		return err
	}
	owner := service.OwnerOf(file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return wholefile.WriteFor(file, []byte(text+"\n"), owner.Guard)
}

// maxSecret is more than any secret has.
const maxSecret = 16 << 10

// readSecret asks for a secret on the terminal, or reads it from a file or from
// standard input.
func (e *env) readSecret(ctx context.Context, what, file string) (string, error) {
	var data []byte
	var err error
	terminal, isFile := e.in.(*os.File)
	switch {
	case file != "":
		data, err = readUpTo(file)
	case isFile && term.IsTerminal(int(terminal.Fd())):
		fmt.Fprintf(e.err, "%s (it is not shown): ", what)
		data, err = readHidden(ctx, int(terminal.Fd()))
		fmt.Fprintln(e.err)
	default:
		data, err = io.ReadAll(io.LimitReader(e.in, maxSecret+1))
	}
	if err != nil {
		return "", fmt.Errorf("%s can't be read: %w", what, err)
	}
	secret := sealed.Written(data)
	switch {
	case secret == "":
		return "", usage(fmt.Errorf("%s is empty; nothing was stored", what))
	case len(data) > maxSecret:
		return "", usage(fmt.Errorf("%s is too long: it must be one line of text; nothing was stored", what))
	case slices.ContainsFunc([]rune(secret), unicode.IsControl):
		return "", usage(fmt.Errorf("%s must be one line of text; nothing was stored", what))
	}
	return secret, nil
}

// readHidden reads a line from a terminal that does not show it. Whoever stops
// it finds the terminal as it was.
func readHidden(ctx context.Context, terminal int) ([]byte, error) {
	was, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	var line []byte
	done := make(chan error, 1)
	go func() {
		var err error
		line, err = term.ReadPassword(terminal)
		done <- err
	}()
	select {
	case err := <-done:
		return line, err
	case <-ctx.Done():
		return nil, errors.Join(errors.New("stopped; nothing was stored"), term.Restore(terminal, was))
	}
}

func readUpTo(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSecret+1))
}
