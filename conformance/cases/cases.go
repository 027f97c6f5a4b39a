// Package cases holds what a Singer target and an Airbyte destination must do, as files that a person can read and send.
//
// A case is a txtar file. Its first line is the level, MUST or SHOULD, and what is expected; the lines after it say why that matters.
// Then come the steps, numbered from 1, over one empty schema:
//
//	settings.json  settings beside the connection, under the names that Meltano's SDK and Airbyte have for them
//	1.catalog      of a destination: the streams of the configured catalog, one a line; without it those of the step before
//	1.in           standard input; 1.cut is one whose last line has no end
//	1.exit         ok, fail or any; ok where it is absent
//	1.states       the states that must come out, one a line: each that is printed is one of them, and the last one is the last.
//	               Without it they are those that the step sends, and after a step that fails any of them
//	1.query        SQL after the step, its search path the schema; statements end with ; at the end of a line
//	1.rows         what they answer, columns apart by " | ", ∅ for null
//	1.said         texts that must be on standard output or standard error, one a line
//	1.unsaid       texts that must be on neither: values of rows
package cases

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed target/*.txtar destination/*.txtar
var files embed.FS

// A Case is a file.
type Case struct {
	Name     string // of the file, without folder and ending
	Must     bool
	Why      string // what is expected, and why it matters; one line
	Settings string // JSON, or empty
	Steps    []Step
}

// A Step is one run of the program.
type Step struct {
	Streams []string // of the catalog
	Input   string
	Exit    string // ok, fail or any
	States  []string
	// Given tells that the states are written in the case.
	Given        bool
	Query, Rows  string
	Said, Unsaid []string
}

// Target are the cases of a Singer target, by name.
func Target() ([]Case, error) { return read("target") }

// Destination are the cases of an Airbyte destination, by name.
func Destination() ([]Case, error) { return read("destination") }

func read(dir string) ([]Case, error) {
	paths, err := fs.Glob(files, dir+"/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, name := range paths {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := parse(strings.TrimSuffix(path.Base(name), ".txtar"), text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

var part = regexp.MustCompile(`^([1-9][0-9]*)\.(catalog|in|cut|exit|states|query|rows|said|unsaid)$`)

// parse reads the text of a case.
func parse(name string, text []byte) (Case, error) {
	archive := txtar.Parse(text)
	level, why, _ := strings.Cut(strings.Join(strings.Fields(string(archive.Comment)), " "), " ")
	if level != "MUST" && level != "SHOULD" || why == "" {
		return Case{}, errors.New("the first line begins with MUST or SHOULD, and says what is expected")
	}
	c := Case{Name: name, Must: level == "MUST", Why: why}
	for _, file := range archive.Files {
		data := string(file.Data)
		if file.Name == "settings.json" {
			c.Settings = data
			continue
		}
		match := part.FindStringSubmatch(file.Name)
		if match == nil {
			return Case{}, fmt.Errorf("%s: there is no such part", file.Name)
		}
		number, _ := strconv.Atoi(match[1])
		if number == len(c.Steps)+1 {
			next := Step{Exit: "ok"}
			if number > 1 {
				next.Streams = c.Steps[number-2].Streams
			}
			c.Steps = append(c.Steps, next)
		}
		if number != len(c.Steps) {
			return Case{}, fmt.Errorf("%s: the steps are not in order", file.Name)
		}
		c.Steps[number-1].set(match[2], data)
	}
	for i, s := range c.Steps {
		if s.Exit != "ok" && s.Exit != "fail" && s.Exit != "any" {
			return Case{}, fmt.Errorf("%d.exit: %q is neither ok nor fail nor any", i+1, s.Exit)
		}
	}
	if len(c.Steps) == 0 {
		return Case{}, errors.New("no step")
	}
	return c, nil
}

func (s *Step) set(part, data string) {
	switch part {
	case "catalog":
		s.Streams = lines(data)
	case "in":
		s.Input = data
	case "cut":
		s.Input = strings.TrimSuffix(data, "\n")
	case "exit":
		s.Exit = strings.TrimSpace(data)
	case "states":
		s.States, s.Given = lines(data), true
	case "query":
		s.Query = data
	case "rows":
		s.Rows = data
	case "said":
		s.Said = lines(data)
	case "unsaid":
		s.Unsaid = lines(data)
	}
}

func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
