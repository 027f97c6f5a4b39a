package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// edited passes lines on with one thing changed: replace:OLD:=NEW ($PID in it differs from run to run), drop:TEXT leaves out each line that holds the text, first:TEXT only
// the first one, twice:TEXT says such a line twice, and add:TEXT adds a line at the beginning.
func edited(from io.Reader, fault string) {
	kind, what, _ := strings.Cut(fault, ":")
	if kind == "add" {
		io.WriteString(os.Stdout, what+"\n")
	}
	lines := bufio.NewReader(from)
	dropped := false
	for {
		line, err := lines.ReadString('\n')
		switch {
		case kind == "replace":
			before, after, _ := strings.Cut(what, ":=")
			line = strings.ReplaceAll(line, before, strings.ReplaceAll(after, "$PID", strconv.Itoa(os.Getpid())))
		case kind == "twice" && strings.Contains(line, what):
			line += line
		case (kind == "drop" || kind == "first" && !dropped) && strings.Contains(line, what):
			line, dropped = "", true
		}
		if _, failed := io.WriteString(os.Stdout, line); failed != nil || err != nil {
			return
		}
	}
}
