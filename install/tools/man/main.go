// Command man writes bloxdrop's man pages into a folder, one for each command.
package main

import (
	"log"
	"os"
	"time"

	"github.com/spf13/cobra/doc"

	"bloxdrop/internal/cli"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: man FOLDER VERSION DATE")
	}
	date, err := time.Parse(time.DateOnly, os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	root := cli.Commands()
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "bloxdrop " + os.Args[2], Manual: "bloxdrop", Date: &date}
	if err := doc.GenManTree(root, header, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
