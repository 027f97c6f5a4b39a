package suite

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// List prints what the checks are and why.
func List(w io.Writer, checks []Check) error {
	width := widest(checks)
	var b strings.Builder
	for _, c := range checks {
		fmt.Fprintf(&b, "%-*s  %-6s  %s\n", width, c.Name, c.Level, c.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func widest(checks []Check) int {
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	return width
}

// A Table is for a person: a line for each check as soon as it is made, and the totals.
type Table struct {
	W      io.Writer
	Colour bool
	width  int
}

// Begin sets the widths of the columns.
func (t *Table) Begin(checks []Check) { t.width = widest(checks) }

// Add prints a line.
func (t *Table) Add(r Result) {
	detail := strings.ReplaceAll(r.Detail, "\n", "\n"+strings.Repeat(" ", t.width+16))
	line := fmt.Sprintf("%s  %-6s  %-*s  %s", t.paint(r), r.Level, t.width, r.Name, detail)
	fmt.Fprintln(t.W, strings.TrimRight(line, " "))
}

// paint is the status, four characters wide, in green, red or yellow on a terminal.
func (t *Table) paint(r Result) string {
	text := fmt.Sprintf("%-4s", r.Status)
	if !t.Colour {
		return text
	}
	colours := map[Status]int{Passed: 32, Failed: 31, NotApplicable: 33}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colours[r.Status], text)
}

// End prints the totals.
func (t *Table) End(results []Result) { fmt.Fprintf(t.W, "\n%s\n", totals(results)) }

// totals is a line with the number of checks by outcome.
func totals(results []Result) string {
	counts := map[Status]int{}
	for _, r := range results {
		counts[r.Status]++
	}
	text := fmt.Sprintf("%d passed, %d failed", counts[Passed], counts[Failed])
	if counts[Failed] > 0 {
		text += fmt.Sprintf(" (%d MUST, %d SHOULD)", Failures(results, Must), Failures(results, Should))
	}
	return fmt.Sprintf("%s, %d not applicable", text, counts[NotApplicable])
}

// TAP writes the results as the Test Anything Protocol, version 13. See https://testanything.org.
func TAP(w io.Writer, results []Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 13\n1..%d\n", len(results))
	for i, r := range results {
		switch r.Status {
		case Passed:
			fmt.Fprintf(&b, "ok %d - %s\n", i+1, r.Name)
		case NotApplicable:
			fmt.Fprintf(&b, "ok %d - %s # SKIP %s\n", i+1, r.Name, r.Detail)
		case Failed:
			// A SHOULD is what TAP calls TODO: it is reported, and does not fail the run.
			directive := ""
			if r.Level == Should {
				directive = " # TODO SHOULD"
			}
			fmt.Fprintf(&b, "not ok %d - %s%s\n  # %s\n", i+1, r.Name, directive, strings.ReplaceAll(r.Detail, "\n", "\n  # "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// The elements of JUnit's XML, as CI servers read it.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure,omitempty"`
		Skipped *junitMessage `xml:"skipped,omitempty"`
	}
	junitMessage struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
	}
)

// JUnit writes the results as a test suite of that name. The type of a failure is its level.
func JUnit(w io.Writer, name string, results []Result) error {
	suite := junitSuite{Name: name, Tests: len(results)}
	for _, r := range results {
		c := junitCase{Class: name, Name: r.Name, Time: fmt.Sprintf("%.3f", r.Took.Seconds())}
		switch r.Status {
		case Failed:
			suite.Failures++
			c.Failure = &junitMessage{string(r.Level), r.Detail}
		case NotApplicable:
			suite.Skipped++
			c.Skipped = &junitMessage{"", r.Detail}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
