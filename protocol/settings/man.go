package settings

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// writeMan writes the manual page, in section 1, with the macros of man(7). It bears no date, so that it is the same each time.
func writeMan(p *Program, t *table, root *kong.Node) error {
	w := bufio.NewWriter(p.Stdout)
	fmt.Fprintf(w, ".TH %s 1 \"\" %s Signalroom\n.nh\n.ad l\n", roff(strings.ToUpper(p.Name)), roffQuoted(p.Name+" "+p.Version))
	fmt.Fprintf(w, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.B %s\n", roff(p.Name), roff(p.Description), roff(p.Name))
	program := levelOf(root, "")
	if len(program.commands) > 0 {
		fmt.Fprint(w, "[\\fICOMMAND\\fR]\n")
	}
	fmt.Fprint(w, "[\\fIFLAGS\\fR]")
	if len(t.settings) > 0 {
		fmt.Fprint(w, " [\\fISETTINGS\\fR]")
	}
	fmt.Fprintln(w)
	if len(p.Examples) > 0 {
		fmt.Fprint(w, ".SH EXAMPLES\n")
		for _, example := range p.Examples {
			fmt.Fprintf(w, ".TP\n%s:\n\\fB%s\\fR\n", roff(example.Says), roff(example.Command))
		}
	}
	if len(program.commands) > 0 {
		fmt.Fprint(w, ".SH COMMANDS\n")
		for _, command := range program.commands {
			command.walk(nil, func(l level, _ []option) {
				manEntry(w, l.path, l.help)
				if len(l.options) > 0 {
					fmt.Fprint(w, ".RS\n")
					manOptions(w, l.options)
					fmt.Fprint(w, ".RE\n")
				}
			})
		}
	}
	fmt.Fprint(w, ".SH FLAGS\n")
	manOptions(w, program.options)
	if len(t.settings) > 0 {
		fmt.Fprintf(w, ".SH SETTINGS\n%s\n", roff(t.intro(p.Name)))
		for _, group := range t.groups() {
			if group.title != "" {
				fmt.Fprintf(w, ".SS %s\n", roffQuoted(group.title))
			}
			for _, s := range group.settings {
				o := s.option(p.Name)
				manEntry(w, o.usage, o.help)
			}
		}
	}
	fmt.Fprint(w, ".SH EXIT STATUS\n")
	codes := p.ExitCodes
	if codes == nil {
		codes = exitCodes()
	}
	for _, exit := range codes {
		manEntry(w, exit.Code, exit.Means)
	}
	if p.Docs != "" {
		fmt.Fprintf(w, ".SH SEE ALSO\n%s\n", roff(p.Docs))
	}
	return w.Flush()
}

// exitCodes are those of taps and targets.
func exitCodes() []ExitCode {
	return []ExitCode{
		{"0", "Done."},
		{"1", "A defect, or the machine: disk, memory, a closed pipe."},
		{"2", "Usage or configuration."},
		{"3", "Data: a broken line, too many rejects, a stream that ended incomplete."},
		{"4", "Transient: server lost, rate limit, pipeline in use. Run it again later."},
		{"128+n", "Ended by signal n, after a clean drain."},
	}
}

func manOptions(w io.Writer, options []option) {
	for _, o := range options {
		manEntry(w, o.usage, o.help)
	}
}

func manEntry(w io.Writer, term, text string) {
	fmt.Fprintf(w, ".TP\n\\fB%s\\fR\n%s\n", roff(term), roff(text))
}

// roff is text that the formatter takes as it stands. A line that begins with a dot or an apostrophe would be a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

// roffQuoted is one argument of a macro.
func roffQuoted(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `\(dq`) + `"` }
