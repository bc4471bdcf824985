package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"

	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) open() *cobra.Command {
	var only bool
	cmd := &cobra.Command{
		Use: "open", Short: "Open the status page in a browser, signed in", Args: cobra.NoArgs,
		Long: "Open the status page in this machine's browser, signed in. Where there is no\nbrowser the address is printed: it works once, within a minute.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				link, err := d.OpenPage(ctx, account())
				if err != nil {
					return err
				}
				if !only && browse(ctx, link) {
					_, err = fmt.Fprintln(e.out, "the page opens in your browser")
					return err
				}
				_, err = fmt.Fprintln(e.out, link)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&only, "print", false, "only print the address, which works once and within a minute")
	return cmd
}

// account names who asks, for the record of what is done on the page.
func account() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "somebody on this machine"
}

// browse tells whether a browser was found. Where several people use one
// machine, others might see the address among the processes; it works once.
func browse(ctx context.Context, link string) bool {
	var cmd *exec.Cmd
	switch {
	case runtime.GOOS == "windows":
		cmd = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", link)
	case runtime.GOOS == "darwin":
		cmd = exec.CommandContext(ctx, "open", link)
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return false
	default:
		cmd = exec.CommandContext(ctx, "xdg-open", link)
	}
	return cmd.Run() == nil
}
