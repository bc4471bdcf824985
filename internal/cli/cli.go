// Package cli is the commands, each in a file of its own or among its like: it
// reads arguments, asks the app or a running service, and prints what a person,
// or with --json a program, wants to know.
//
// It promises the exit codes 0 (answered or done), 1 (failed), 2 (wrong usage
// or config), and for `run --once` 3 (something still settles, waits or is
// held). It must never decide what happens to a file.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"bloxdrop/internal/config"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLeft   = 3 // run --once: something still settles, waits or is held

	exitDamaged = 4 // the hidden check-ledger, to its parent alone
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error // nil: all has been said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitUsage, err: err}
}

// env is what the commands share.
type env struct {
	in         io.Reader
	out, err   io.Writer
	configPath string
}

// Main runs one command and returns the process's exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{in: in, out: out, err: errOut}
	root := e.command()
	root.SetArgs(args)
	return e.exitCode(root.ExecuteContext(ctx))
}

// Commands is all commands, for what documents them.
func Commands() *cobra.Command {
	return (&env{in: os.Stdin, out: os.Stdout, err: os.Stderr}).command()
}

func (e *env) exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	code := exitFailed
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	text := fmt.Sprintf("bloxdrop: %v\n", err)
	if inJournal(e.err) {
		text = asErrors(text)
	}
	fmt.Fprint(e.err, text)
	return code
}

func (e *env) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "bloxdrop",
		Short: "Takes files out of person folders and puts each into Bloxs, once",
		Long: `bloxdrop watches folders that are named after persons, waits until each new
file is whole, and uploads it to that person's record in Bloxs, retrying until
Bloxs has answered with a file ID.

Try it without Bloxs:  bloxdrop demo

Exit codes: 0 answered or done, 1 failed, 2 wrong usage or config;
of run --once also 3: something still settles, waits or is held.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage(fmt.Errorf("there is no command %q; `bloxdrop --help` lists them", args[0]))
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.Join(cmd.Help(), &exitError{code: exitUsage})
		},
	}
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().StringVar(&e.configPath, "config", defaultConfig(os.Getenv), "path of config.toml")
	root.AddCommand(e.demo(), e.run(), e.status(), e.list(), e.explain(), e.retry(), e.resolve(), e.confirm(), e.send(),
		e.pause(), e.resume(), e.adopt(), e.backup(), e.restore(), e.repair(), e.version(), e.checkLedger())
	root.AddCommand(e.check(), e.forget(), e.open())
	root.AddCommand(append(e.services(), e.setSecret())...)
	e.completions(root)
	for _, cmd := range root.Commands() {
		if args := cmd.Args; args != nil {
			cmd.Args = func(c *cobra.Command, given []string) error { return usage(args(c, given)) }
		}
	}
	return root
}

// defaultConfig is the system's place.
func defaultConfig(getenv func(string) string) string {
	if runtime.GOOS != "windows" {
		return "/etc/bloxdrop/config.toml"
	}
	base := getenv("ProgramData")
	if base == "" {
		base = `C:\ProgramData`
	}
	return filepath.Join(base, "bloxdrop", "config.toml")
}

// load is for what sends.
func (e *env) load() (*config.Config, error) { return e.loadFor(false) }

// loadToAsk is for what only asks the service, or the ledger.
func (e *env) loadToAsk() (*config.Config, error) { return e.loadFor(true) }

func (e *env) loadFor(asking bool) (*config.Config, error) {
	c, err := config.Load(e.configPath, config.Env{Getenv: os.Getenv, Asking: asking})
	if err != nil {
		return nil, usage(err)
	}
	return c, nil
}

// stamp is the version that install/build.sh gives to what it builds.
var stamp string

// buildVersion is the stamp; without one a tag, or the commit.
func buildVersion() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
