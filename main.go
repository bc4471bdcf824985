// Command bloxdrop takes files out of the folders that are named after persons
// and puts each into that person's record in Bloxs, once.
package main

import (
	"os"

	"bloxdrop/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
