package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"bloxdrop/internal/config"
	"bloxdrop/internal/service"
)

// services are the commands that look after the service of this platform.
func (e *env) services() []*cobra.Command {
	return []*cobra.Command{
		e.installs(),
		e.uninstalls(),
		e.forPackage("start", "Start the service", service.Start, service.Resume),
		e.stops(),
		e.manages("restart", "Stop the service and start it again, with the config as it is now", e.restart),
	}
}

func (e *env) manages(name, short string, do func(context.Context) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.tell(do(cmd.Context())) },
	}
}

// restart stops no service for a config with which it could not start.
func (e *env) restart(ctx context.Context) (string, error) {
	var wrong *config.Error
	if _, err := e.loadToAsk(); errors.As(err, &wrong) {
		return "", usage(fmt.Errorf("%w\nthe service was left as it is", wrong))
	}
	return service.Restart(ctx)
}

// tell prints what has been done.
func (e *env) tell(said string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, said)
	return err
}

func (e *env) installs() *cobra.Command {
	var account, passwordFile string
	var packaged bool
	cmd := e.manages("install", "Make bloxdrop a service that starts with the machine", nil)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		spec, err := e.spec()
		if err != nil {
			return err
		}
		spec.Account, spec.Packaged = account, packaged
		spec.Password = func(account string) (string, error) {
			return e.readSecret(cmd.Context(), "the password of "+account, passwordFile)
		}
		return e.tell(service.Install(cmd.Context(), spec))
	}
	if runtime.GOOS == "windows" {
		cmd.Long = cmd.Short + `.

Its account is ` + service.VirtualAccount + `, which Windows makes for it alone: it reads the
folders of this computer that it is given rights to, and shares as this computer.
--account names another: DOMAIN\name$ (a gMSA) or DOMAIN\name, whose password
is asked for, read from standard input, or from --password-file.

Said once more it sets rights and recovery anew, and takes a new password.`
		cmd.Flags().StringVar(&account, "account", "", `the service's account (default `+service.VirtualAccount+`)`)
		cmd.Flags().StringVar(&passwordFile, "password-file", "", "a file with the account's password")
		cmd.Flags().BoolVar(&packaged, "packaged", false, "said by the .msi")
		_ = cmd.Flags().MarkHidden("packaged")
	}
	return cmd
}

func (e *env) uninstalls() *cobra.Command {
	return e.forPackage("uninstall", "Take the service away; config and ledger stay", service.Uninstall, service.UninstallIfThere)
}

func (e *env) stops() *cobra.Command {
	return e.forPackage("stop", "Stop the service", service.Stop, service.Pause)
}

// forPackage is a command that does something else where the .msi says it.
func (e *env) forPackage(name, short string, do, packagedDo func(context.Context) (string, error)) *cobra.Command {
	var packaged bool
	cmd := e.manages(name, short, nil)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if packaged {
			return e.tell(packagedDo(cmd.Context()))
		}
		return e.tell(do(cmd.Context()))
	}
	cmd.Flags().BoolVar(&packaged, "packaged", false, "said by the .msi")
	_ = cmd.Flags().MarkHidden("packaged")
	return cmd
}

func (e *env) spec() (service.Spec, error) {
	executable, err := os.Executable()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err != nil {
		return service.Spec{}, err
	}
	path, err := filepath.Abs(e.configPath)
	if err != nil {
		return service.Spec{}, err
	}
	return service.Spec{
		Executable: executable, Config: path,
		Warn: func(text string) { fmt.Fprintf(e.err, "bloxdrop: warning: %s\n", text) },
	}, nil
}
