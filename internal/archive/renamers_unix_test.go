//go:build unix

package archive

// renamers are the three ways of renaming, since no file system is at hand
// that has only the second or the third.
func renamers() map[string]renamer {
	return map[string]renamer{"best": rename, "by link": renameByLink, "over empty": renameOverEmpty}
}

// stepsHere are the steps that not every platform knows.
func stepsHere() []string { return []string{"kept free", "linked", "put back"} }

// untilOpened is the last step at which a file can be replaced by another.
const untilOpened = "foldered"
