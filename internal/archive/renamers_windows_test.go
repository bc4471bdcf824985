package archive

import "os"

// renamers: a share may not take a folder's handle, and is given its path then.
func renamers() map[string]renamer {
	return map[string]renamer{"best": rename, "by path": func(f, _ *os.File, _ string, to *os.File, newName string, _ func(string) error) error {
		return renameByPath(f, to, newName)
	}}
}

func stepsHere() []string { return nil }

// untilOpened: nobody can put another file over one that is open.
const untilOpened = "noted"
