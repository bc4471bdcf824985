package cli

import (
	"os"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/config"
)

// completions tell a shell what may follow where it can't know by itself. Only
// paths are the shell's own affair.
func (e *env) completions(root *cobra.Command) {
	nothing := cobra.NoFileCompletions
	register := func(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, f) // fails only where there is one already
		}
	}
	for _, cmd := range root.Commands() {
		register(cmd, "state", cobra.FixedCompletions(app.States(), cobra.ShellCompDirectiveNoFileComp))
		register(cmd, "existing", cobra.FixedCompletions([]string{config.ExistingUpload, config.ExistingSkip}, cobra.ShellCompDirectiveNoFileComp))
		register(cmd, "person", nothing)
		register(cmd, "file-id", nothing)
		register(cmd, "dir", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		})
		switch cmd.Name() {
		case "adopt":
			cmd.ValidArgsFunction = e.completeRoots
		case "explain", "retry", "resolve", "confirm", "send", "backup", "restore":
			// paths
		case "set-secret":
			// its ValidArgs say it
		default:
			cmd.ValidArgsFunction = nothing
		}
	}
	_ = root.RegisterFlagCompletionFunc("config", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return []string{"toml"}, cobra.ShellCompDirectiveFilterFileExt
	})
}

// completeRoots names the roots of the config, if it can be read.
func (e *env) completeRoots(_ *cobra.Command, args []string, _ string) (roots []cobra.Completion, _ cobra.ShellCompDirective) {
	c, _ := config.Draft(e.configPath, config.Env{Getenv: os.Getenv, Asking: true})
	if c == nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, w := range c.Watch {
		if w.Path != "" {
			roots = append(roots, w.Path)
		}
	}
	return roots, cobra.ShellCompDirectiveNoFileComp
}
