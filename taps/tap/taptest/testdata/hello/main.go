// Package main is a program for the test of Build.
package main

import "os"

func main() { os.Stdout.WriteString("hello") }
