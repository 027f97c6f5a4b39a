package settings

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// An option is a flag, or a setting as a flag, as completion scripts and the manual page show it.
type option struct {
	names []string // with their dashes, the short one first
	usage string   // -c, --config=FILE
	help  string
	takes bool     // a value follows; it does not for a switch, nor for a flag whose value may be left out
	words []string // what the value may be, where it is a choice
}

// summary is the first sentence of the help.
func (o option) summary() string {
	first, _, _ := strings.Cut(o.help, ". ")
	return strings.TrimSuffix(first, ".")
}

// A level is the program itself or one of its commands.
type level struct {
	path     string // "rejects list", empty for the program
	help     string
	options  []option // the grammar's own; those of settings are in table.options
	commands []level
}

// levelOf reads the grammar from a node downwards.
func levelOf(node *kong.Node, path string) level {
	l := level{path: path, help: node.Help}
	for _, flag := range node.Flags {
		if !isSetting(flag) && !flag.Hidden {
			l.options = append(l.options, flagOption(flag))
		}
	}
	for _, child := range visible(node.Children) {
		l.commands = append(l.commands, levelOf(child, strings.TrimSpace(path+" "+child.Name)))
	}
	return l
}

// name is the last word of the path.
func (l level) name() string { return l.path[strings.LastIndexByte(l.path, ' ')+1:] }

// walk visits a level and all below it. A command takes the options of the levels above too.
func (l level) walk(above []option, visit func(l level, above []option)) {
	visit(l, above)
	for _, command := range l.commands {
		command.walk(slices.Concat(above, l.options), visit)
	}
}

func flagOption(flag *kong.Flag) option {
	o := option{usage: flagUsage(flag), help: flag.Help, takes: !flag.IsBool()}
	if flag.Short != 0 {
		o.names = append(o.names, "-"+string(flag.Short))
	}
	o.names = append(o.names, "--"+flag.Name)
	for _, alias := range flag.Aliases {
		o.names = append(o.names, "--"+alias)
	}
	if strings.Contains(flag.PlaceHolder, "|") {
		o.words = strings.Split(flag.PlaceHolder, "|")
	}
	return o
}

// options are the settings as flags, in the order of help.
func (t *table) options(program string) []option {
	var out []option
	for _, group := range t.groups() {
		for _, s := range group.settings {
			out = append(out, s.option(program))
		}
	}
	return out
}

func (s *setting) option(program string) option {
	name := flagName(s.key)
	o := option{names: []string{"--" + name}, help: s.sentence(program), takes: true, words: s.enum}
	if s.kind == booleanKind {
		o.names = append(o.names, "--no-"+name)
		o.takes = false
		o.usage = "--[no-]" + name
	} else {
		o.usage = o.names[0] + "=" + s.valueName()
	}
	return o
}
