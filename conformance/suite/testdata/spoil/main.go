// Package main is a program that spoils another one: spoil FAULT COMMAND [ARG…]. It stands between a target and the suite, and does
// one thing wrong that a check of the suite must find. A fault with a colon changes lines of the output; with @TEXT behind it only where
// the command line holds the text.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

func main() { os.Exit(spoil(os.Args[1], os.Args[2:])) }

func spoil(fault string, command []string) int {
	switch line := strings.Join(command[1:], " "); {
	case fault == "mute" && (strings.Contains(line, "--version") || strings.Contains(line, "--help") || strings.Contains(line, "--about")):
		return 0
	case fault == "traceback":
		fmt.Fprintln(os.Stderr, "Traceback (most recent call last)")
	case fault == "leaks":
		if config, err := os.ReadFile(command[len(command)-1]); err == nil {
			os.Stderr.Write(config)
		}
	case fault == "fails":
		return 1
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 1
	}
	var held bytes.Buffer
	var passed sync.WaitGroup
	cmd.Stdout = os.Stdout
	if fault == "no-states" {
		cmd.Stdout = io.Discard
	}
	if fault == "last-state-first" {
		cmd.Stdout = &held
	}
	if edit, when, only := strings.Cut(fault, "@"); strings.Contains(fault, ":") && (!only || strings.Contains(strings.Join(command, " "), when)) {
		cmd.Stdout = nil
		read, err := cmd.StdoutPipe()
		if err != nil {
			return 1
		}
		passed.Go(func() { edited(read, edit) })
	}
	if err := cmd.Start(); err != nil {
		return 1
	}
	go feed(stdin, fault)
	passed.Wait()
	err = cmd.Wait()
	if fault == "last-state-first" {
		os.Stdout.Write(held.Bytes())
		fmt.Println(`{"bookmarks":{"made":"up"}}`)
	}
	var exit *exec.ExitError
	switch {
	case fault == "succeeds":
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		return 1
	}
	return 0
}

// feed passes standard input on to the program, without some records, or with its states printed before their commit.
func feed(stdin io.WriteCloser, fault string) {
	defer stdin.Close()
	lines := bufio.NewReader(os.Stdin)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if fault == "states-at-once" && strings.HasPrefix(line, `{"type":"STATE"`) {
			if text, singer := strings.CutPrefix(line, `{"type":"STATE","value":`); singer {
				fmt.Print(strings.TrimSuffix(text, "}\n") + "\n")
			} else {
				fmt.Print(line)
			}
		}
		if fault != "loses" || !strings.Contains(line, `"RECORD"`) || n%50 != 0 && n > 20 {
			io.WriteString(stdin, line)
		}
		if err != nil {
			return
		}
	}
}
