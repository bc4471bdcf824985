package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bloxdrop/internal/service"
)

func secretNames() []string { return []string{"api_key", "api_secret", "token"} }

func (e *env) setSecret() *cobra.Command {
	return &cobra.Command{
		Use: "set-secret api_key | api_secret | token", Short: "Keep a secret for the service, outside of config.toml",
		Long:      "Keep a secret for the service, outside of config.toml. It is asked for, and not\nshown; elsewhere than on a terminal it is read from standard input.",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: secretNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.keepSecret(cmd.Context(), args[0])
		},
	}
}

func (e *env) keepSecret(ctx context.Context, name string) error {
	secret, err := e.askSecret(name)
	if err != nil {
		return err
	}
	said, err := service.SetSecret(ctx, name, secret)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, said)
	return err
}

// askSecret reads one line.
func (e *env) askSecret(name string) (string, error) {
	var line string
	if f, ok := e.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(e.err, "%s, from Bloxs: ", name)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(e.err)
		if err != nil {
			return "", err
		}
		line = string(b)
	} else {
		var err error
		if line, err = bufio.NewReader(io.LimitReader(e.in, 1<<16)).ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	line = strings.TrimSpace(strings.TrimPrefix(line, "\uFEFF"))
	switch {
	case line == "":
		return "", usage(fmt.Errorf("there is no %s in what was given", name))
	case strings.ContainsFunc(line, unicode.IsControl):
		return "", usage(fmt.Errorf("%s holds a control character; give the secret alone, on one line", name))
	}
	return line, nil
}
