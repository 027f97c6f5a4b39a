package settings

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// helpWidth is where help text breaks, whatever the terminal, so that it reads the same in a pipe.
const helpWidth = 100

// writeHelp teaches the program: how to call it, its commands and flags, every setting with its default and
// variables, and examples. A command's help says what is the command's own first.
func writeHelp(p *Program, t *table, root, command *kong.Node) error {
	w := bufio.NewWriter(p.Stdout)
	node := root
	if command != nil && !command.Hidden {
		node = command
	}
	if node == root {
		fmt.Fprintf(w, "%s %s: %s\n", p.Name, p.Version, p.Description)
	} else {
		fmt.Fprintf(w, "%s %s: %s\n", p.Name, node.Path(), node.Help)
	}
	writeUsage(w, p, t, node, root)
	writeExamples(w, p)
	if commands := visible(node.Children); len(commands) > 0 {
		fmt.Fprint(w, "\nCommands:\n")
		for _, child := range commands {
			entry(w, child.Name, child.Help)
		}
	}
	var groups []string
	flags := map[string][]*kong.Flag{}
	for at := node; at != nil; at = at.Parent {
		for _, flag := range at.Flags {
			if isSetting(flag) || flag.Hidden {
				continue
			}
			title := "Flags"
			if flag.Group != nil {
				title = flag.Group.Title
			}
			if flags[title] == nil {
				groups = append(groups, title)
			}
			flags[title] = append(flags[title], flag)
		}
	}
	for _, title := range groups {
		fmt.Fprintf(w, "\n%s:\n", title)
		for _, flag := range flags[title] {
			entry(w, flagUsage(flag), flag.Help)
		}
	}
	writeSettingsHelp(w, p, t)
	if len(p.ExitCodes) > 0 {
		fmt.Fprint(w, "\nExit codes:\n")
		for _, exit := range p.ExitCodes {
			entry(w, exit.Code, exit.Means)
		}
	}
	if p.Docs != "" {
		fmt.Fprintf(w, "\nMore: %s\n", p.Docs)
	}
	return w.Flush()
}

func writeUsage(w io.Writer, p *Program, t *table, node, root *kong.Node) {
	call, flags := p.Name, "[FLAGS]"
	if node != root {
		call += " " + node.Path()
	}
	if len(t.settings) > 0 {
		flags += " [SETTINGS]"
	}
	for _, argument := range node.Positional {
		flags += " " + argument.Summary()
	}
	fmt.Fprintf(w, "\nUsage:\n  %s %s\n", call, flags)
	if len(visible(node.Children)) > 0 {
		fmt.Fprintf(w, "  %s COMMAND %s\n", call, flags)
	}
}

func writeExamples(w io.Writer, p *Program) {
	if len(p.Examples) == 0 {
		return
	}
	fmt.Fprint(w, "\nExamples:\n")
	for i, example := range p.Examples {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "  # %s\n  %s\n", example.Says, example.Command)
	}
}

func writeSettingsHelp(w io.Writer, p *Program, t *table) {
	if len(t.settings) == 0 {
		return
	}
	fmt.Fprint(w, "\nSettings:\n", wrapped(t.intro(p.Name), "  "))
	for _, group := range t.groups() {
		if group.title != "" {
			fmt.Fprintf(w, "\n%s:\n", group.title)
		} else {
			fmt.Fprintln(w)
		}
		for _, s := range group.settings {
			o := s.option(p.Name)
			entry(w, o.usage, o.help)
		}
	}
}

// intro says by the first setting's example where settings come from.
func (t *table) intro(program string) string {
	first := &t.settings[0]
	return fmt.Sprintf("The setting %s is the flag --%s, the environment variable %s and the key %s of a config file. "+
		"A flag beats the environment, the environment beats .env, .env beats a file, and a later file beats an earlier one.",
		first.key, flagName(first.key), envName(program, first.key), first.key)
}

// entry is one flag, command or setting: its name on a line of its own, what it does below.
func entry(w io.Writer, name, help string) {
	fmt.Fprintf(w, "  %s\n%s", name, wrapped(help, "      "))
}

// sentence is the help of a setting with all that its tags add.
func (s *setting) sentence(program string) string {
	var b strings.Builder
	b.WriteString(s.help)
	if s.required {
		b.WriteString(" Required.")
	}
	if len(s.enum) > 0 && s.placeholder != "" {
		fmt.Fprintf(&b, " One of %s.", strings.Join(s.enum, ", "))
	}
	if s.hasDefault && s.byDefault != "" {
		fmt.Fprintf(&b, " Default: %s.", s.byDefault)
	}
	if s.example != "" {
		fmt.Fprintf(&b, " Example: %s", s.example)
	}
	fmt.Fprintf(&b, " [%s]", strings.Join(s.envNames(program), ", "))
	return b.String()
}

// valueName stands for the value in help.
func (s *setting) valueName() string {
	if s.placeholder != "" {
		return s.placeholder
	}
	if len(s.enum) > 0 && s.kind == textKind {
		return strings.Join(s.enum, "|")
	}
	return [...]string{
		textKind: "TEXT", booleanKind: "BOOL", integerKind: "N", numberKind: "NUMBER", durationKind: "DURATION", instantKind: "TIME",
		dayKind: "DATE", listKind: "A,B", pairsKind: "NAME=VALUE,...", customKind: "VALUE", jsonKind: "JSON",
	}[s.kind]
}

// A settingGroup is the settings under one heading.
type settingGroup struct {
	title    string
	settings []*setting
}

// groups are the headings in order of first appearance, those without one first, hidden settings left out.
func (t *table) groups() []settingGroup {
	groups := []settingGroup{{}}
	at := map[string]int{"": 0}
	for i := range t.settings {
		s := &t.settings[i]
		if s.hidden {
			continue
		}
		n, ok := at[s.group]
		if !ok {
			n = len(groups)
			at[s.group] = n
			groups = append(groups, settingGroup{title: s.group})
		}
		groups[n].settings = append(groups[n].settings, s)
	}
	if len(groups[0].settings) == 0 {
		return groups[1:]
	}
	return groups
}

func isSetting(flag *kong.Flag) bool {
	switch flag.Target.Interface().(type) {
	case flagTexts, switchTexts:
		return true
	}
	return false
}

func flagUsage(flag *kong.Flag) string {
	usage := "--" + flag.Name
	if _, choice := flag.Target.Interface().(Choice); choice {
		if flag.PlaceHolder != "" {
			usage += "[=" + flag.PlaceHolder + "]"
		}
	} else if !flag.IsBool() {
		usage += "=" + flag.FormatPlaceHolder()
	}
	for _, alias := range flag.Aliases {
		usage += ", --" + alias
	}
	if flag.Short != 0 {
		usage = "-" + string(flag.Short) + ", " + usage
	}
	return usage
}

func visible(nodes []*kong.Node) []*kong.Node {
	var out []*kong.Node
	for _, node := range nodes {
		if !node.Hidden {
			out = append(out, node)
		}
	}
	return out
}

// wrapped breaks text into indented lines.
func wrapped(text, indent string) string {
	var b strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case length == 0:
			b.WriteString(indent + word)
			length = len(indent) + len(word)
		case length+1+len(word) > helpWidth:
			b.WriteString("\n" + indent + word)
			length = len(indent) + len(word)
		default:
			b.WriteString(" " + word)
			length += 1 + len(word)
		}
	}
	return b.String() + "\n"
}
