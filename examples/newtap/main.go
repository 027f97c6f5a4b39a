// Package main is newtap: it writes a new tap that compiles, with its strict server, its tests and its page in docs.
//
//	go run ./examples/newtap tap-acme
//
// The new tap is a copy of tap-example beside this file, which is a tap like any other: it is built and tested with the rest, so
// a new tap begins with what works today.
package main

import (
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed tap-example
var example embed.FS

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "newtap: expected the name of the new tap, such as tap-acme (make new-tap NAME=tap-acme)")
		os.Exit(2)
	}
	if err := write(".", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "newtap:", err)
		os.Exit(2)
	}
	fmt.Printf(`%[1]s is there, and works: go test ./taps/%[1]s/...

Next, as docs/adding-a-tap.md says in more words:
  1. the API's address, credentials and limits    taps/%[1]s/settings.go
  2. its rows and how they are asked for          taps/%[1]s/streams.go
  3. what its documentation allows                taps/%[1]s/%[2]s/server.go
  4. go test ./taps/%[1]s -update                 writes testdata and docs/%[1]s.md; read the difference
  5. a line in README.md and one in CHANGELOG.md
`, os.Args[1], serverPackage(os.Args[1]))
}

var names = regexp.MustCompile(`^tap(-[a-z][a-z0-9]*)+$`)

// serverPackage is the package of a tap's strict server.
func serverPackage(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "tap-"), "-", "") + "test"
}

// title is how a tap's source is named in texts.
func title(name string) string {
	words := strings.Split(strings.TrimPrefix(name, "tap-"), "-")
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

// write makes the tap in the module at root.
func write(root, name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("%q is no name of a tap: tap-, then lower case letters, digits and hyphens", name)
	}
	if _, err := os.Stat(filepath.Join(root, "taps", "tap")); err != nil {
		return errors.New("run it in the folder that holds taps")
	}
	folder := filepath.Join(root, "taps", name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	source := title(name)
	rename := strings.NewReplacer(
		`"tap-example.md"`, `"../../../docs/`+name+`.md"`,
		"examples/newtap/tap-example", "taps/"+name,
		"tap-example", name,
		"TAP_EXAMPLE_", strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"_",
		"exampletest", serverPackage(name),
		"of Example", "of "+source,
		"Example's", source+"'s",
		`"Example"`, `"`+source+`"`,
	)
	return fs.WalkDir(example, "tap-example", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := example.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(folder, rename.Replace(filepath.FromSlash(strings.TrimPrefix(path, "tap-example/"))))
		if filepath.Ext(path) == ".md" {
			to = filepath.Join(root, "docs", name+".md")
		}
		renamed := []byte(rename.Replace(string(text)))
		if filepath.Ext(path) == ".go" {
			if renamed, err = format.Source(renamed); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, renamed, 0o644)
	})
}
