package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bloxdrop/internal/service"
)

// services are the commands that look after the service of this platform.
func (e *env) services() []*cobra.Command {
	return []*cobra.Command{
		e.manages("install", "Make bloxdrop a service that starts with the machine", e.install),
		e.manages("uninstall", "Take the service away; config and ledger stay", service.Uninstall),
		e.manages("start", "Start the service", service.Start),
		e.manages("stop", "Stop the service", service.Stop),
		e.manages("restart", "Stop the service and start it again, with the config as it is now", service.Restart),
	}
}

func (e *env) manages(name, short string, do func(context.Context) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			said, err := do(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(e.out, said)
			return err
		},
	}
}

func (e *env) install(ctx context.Context) (string, error) {
	s, err := e.spec()
	if err != nil {
		return "", err
	}
	return service.Install(ctx, s)
}

// spec is this program with this config.
func (e *env) spec() (s service.Spec, err error) {
	executable, err := os.Executable()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err != nil {
		return s, err
	}
	path, err := filepath.Abs(e.configPath)
	return service.Spec{Executable: executable, Config: path}, err
}
