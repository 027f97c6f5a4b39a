package settings

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/signalroom/signalroom/protocol"
)

// A completion is what a shell can offer: the commands, their flags, every setting, and the words of those that are a choice. What
// takes any other value is completed with file names. The script stands alone: it does not run the program.
type completion struct {
	program  string
	function string // _tap_x
	root     level
	settings []option
}

func writeCompletion(p *Program, t *table, root *kong.Node, shell string) error {
	c := completion{program: p.Name, function: "_" + strings.ReplaceAll(p.Name, "-", "_"), root: levelOf(root, ""), settings: t.options(p.Name)}
	w := bufio.NewWriter(p.Stdout)
	switch shell {
	case "bash":
		c.bash(w)
	case "zsh":
		c.zsh(w)
	case "fish":
		c.fish(w)
	default:
		return protocol.ConfigFault("use bash, zsh or fish", "flag --completion: unknown shell")
	}
	return w.Flush()
}

// bash needs nothing of bash-completion, and no bash newer than 3.2. It splits words at =, which is why a flag's value may be two
// words away from it.
func (c completion) bash(w io.Writer) {
	fmt.Fprintf(w, `# bash completion for %s: source this file, or put it where bash-completion looks, under the program's name.
%s() {
    local current="${COMP_WORDS[COMP_CWORD]}" flag="${COMP_WORDS[COMP_CWORD-1]}" level="" word flags commands
    if [[ $current == "=" ]]; then
        current="" flag="$flag="
    elif [[ $flag == "=" ]]; then
        flag="${COMP_WORDS[COMP_CWORD-2]}="
    fi
`, c.program, c.function)
	c.values(w, `COMPREPLY=($(compgen -W "%s" -- "$current")); return`, "return")
	fmt.Fprint(w, "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
	c.levels(w)
	fmt.Fprint(w, "    done\n    case \"$level\" in\n")
	c.root.walk(nil, func(l level, above []option) {
		fmt.Fprintf(w, "    %q) commands=%q flags=%q ;;\n", l.path, strings.Join(l.commandNames(), " "), strings.Join(names(above, l.options), " "))
	})
	fmt.Fprintf(w, "    esac\n    flags=\"$flags %s\"\n", strings.Join(names(c.settings), " "))
	fmt.Fprintf(w, "    COMPREPLY=($(compgen -W \"$commands $flags\" -- \"$current\"))\n}\ncomplete -o default -F %s %s\n", c.function, c.program)
}

func (c completion) zsh(w io.Writer) {
	fmt.Fprintf(w, `#compdef %[1]s
# zsh completion for %[1]s: put it in a folder of $fpath as %[2]s, or source it after compinit.
%[2]s() {
    local flag="$words[CURRENT-1]" level="" word
    local -a flags commands
    if [[ $PREFIX == --*=* ]]; then
        flag="${PREFIX%%%%=*}="
        compset -P '*='
    fi
`, c.program, c.function)
	c.values(w, "compadd -- %s; return", "_files; return")
	fmt.Fprint(w, "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n")
	c.levels(w)
	fmt.Fprint(w, "    done\n    case \"$level\" in\n")
	described := func(options ...[]option) {
		for _, o := range slices.Concat(options...) {
			for _, name := range o.names {
				fmt.Fprintf(w, "        %s\n", shellQuoted(name+":"+o.summary()))
			}
		}
	}
	c.root.walk(nil, func(l level, above []option) {
		fmt.Fprintf(w, "    %q) commands=(\n", l.path)
		for _, command := range l.commands {
			fmt.Fprintf(w, "        %s\n", shellQuoted(command.name()+":"+option{help: command.help}.summary()))
		}
		fmt.Fprint(w, "        ) flags=(\n")
		described(above, l.options)
		fmt.Fprint(w, "        ) ;;\n")
	})
	fmt.Fprint(w, "    esac\n    flags+=(\n")
	described(c.settings)
	fmt.Fprintf(w, `    )
    _describe command commands
    _describe -o flag flags
}
if [[ $funcstack[1] == %[1]s ]]; then %[1]s "$@"; else compdef %[1]s %[2]s; fi
`, c.function, c.program)
}

func (c completion) fish(w io.Writer) {
	fmt.Fprintf(w, "# fish completion for %[1]s: put it in ~/.config/fish/completions as %[1]s.fish.\ncomplete -c %[1]s -f\n", c.program)
	emit := func(l level, options []option) {
		for _, o := range options {
			line := "complete -c " + c.program
			if l.path != "" {
				line += " -n '__fish_seen_subcommand_from " + l.name() + "'"
			}
			for _, name := range o.names {
				if long, ok := strings.CutPrefix(name, "--"); ok {
					line += " -l " + long
				} else {
					line += " -s " + strings.TrimPrefix(name, "-")
				}
			}
			switch {
			case len(o.words) > 0 && o.takes:
				line += " -x"
			case o.takes:
				line += " -r -F"
			}
			if len(o.words) > 0 {
				line += " -a " + shellQuoted(strings.Join(o.words, " "))
			}
			fmt.Fprintln(w, line, "-d", fishQuoted(o.summary()))
		}
	}
	c.root.walk(nil, func(l level, _ []option) {
		for _, command := range l.commands {
			when := "not __fish_seen_subcommand_from " + strings.Join(l.commandNames(), " ")
			if l.path != "" {
				when = "__fish_seen_subcommand_from " + l.name() + "; and " + when
			}
			fmt.Fprintf(w, "complete -c %s -n '%s' -a %s -d %s\n", c.program, when, command.name(), fishQuoted(option{help: command.help}.summary()))
		}
		emit(l, l.options)
	})
	emit(c.root, c.settings)
}

// values writes a case on $flag, which ends with = where the value is joined to it: what follows a choice, and any other value.
func (c completion) values(w io.Writer, choice, other string) {
	var takers []string
	fmt.Fprint(w, "    case \"$flag\" in\n")
	one := func(options []option) {
		for _, o := range options {
			var patterns []string
			for _, name := range o.names {
				if o.takes {
					patterns = append(patterns, name)
				}
				if strings.HasPrefix(name, "--") {
					patterns = append(patterns, name+"=")
				}
			}
			switch {
			case len(o.words) > 0:
				fmt.Fprintf(w, "    %s) "+choice+" ;;\n", strings.Join(patterns, "|"), strings.Join(o.words, " "))
			case o.takes:
				takers = append(takers, patterns...)
			}
		}
	}
	c.root.walk(nil, func(l level, _ []option) { one(l.options) })
	one(c.settings)
	fmt.Fprintf(w, "    %s) %s ;;\n    esac\n", strings.Join(takers, "|"), other)
}

// levels writes a case that goes from $level to the command that $word names there.
func (c completion) levels(w io.Writer) {
	fmt.Fprint(w, "        case \"$level $word\" in\n")
	c.root.walk(nil, func(l level, _ []option) {
		for _, command := range l.commands {
			fmt.Fprintf(w, "        %q) level=%q ;;\n", l.path+" "+command.name(), command.path)
		}
	})
	fmt.Fprint(w, "        esac\n")
}

func (l level) commandNames() []string {
	var out []string
	for _, command := range l.commands {
		out = append(out, command.name())
	}
	return out
}

func names(options ...[]option) []string {
	var out []string
	for _, o := range slices.Concat(options...) {
		out = append(out, o.names...)
	}
	return out
}

// shellQuoted is one word to bash and zsh, fishQuoted to fish.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
