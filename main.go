// Command bloxdrop takes files out of person folders and puts them into Bloxs.
package main

func main() {}
