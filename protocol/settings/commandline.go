package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/signalroom/signalroom/protocol"
)

// settingsFlags are the flags of a program that has settings.
type settingsFlags struct {
	Config []string `short:"c" placeholder:"FILE" sep:"none" help:"JSON file of settings; may be given again, and a later file overrides an earlier one. The word ENV stands for the environment, which is read in any case."`
	About  bool     `help:"Say what this program is and can be told, and end."`
	Format string   `placeholder:"text|json|markdown|meltano" help:"The form of --about."`
}

// ownFlags are the other flags that this package answers itself.
type ownFlags struct {
	Version    bool     `help:"Print name and version, and end."`
	Completion string   `placeholder:"bash|zsh|fish" help:"Print a completion script for this shell, and end."`
	Man        bool     `help:"Print the manual page, and end."`
	Help       helpFlag `short:"h" help:"Print this help, and end."`
}

// helpFlag keeps kong from choosing the default command where help is asked for.
type helpFlag bool

// IgnoreDefault tells kong so.
func (helpFlag) IgnoreDefault() {}

// Parse reads the command line into cli, a pointer to the program's own kong grammar (flags and commands), and the
// settings into config, a pointer to its settings struct. The flags --config, --help, --about, --format, --completion, --man
// and --version belong to this package; neither struct may have them. Where the grammar has commands, one that may be left out is
// tagged `cmd:"" default:"withargs"`. Every setting is a flag of every command. A program without settings passes nil for config, and
// may have --config, --about and --format for itself.
//
// When help, version or the like was asked for, it is printed and [Settings.Done] is true; config then holds nothing.
// Every problem with the settings is reported at once, in a Fault of kind Config whose text has one line for each.
func Parse(p *Program, cli, config any) (*Settings, error) {
	if slices.Equal(p.Args, []string{"--version"}) {
		return p.version()
	}
	t := &table{}
	var of settingsFlags
	var own ownFlags
	var grammar struct{ kong.Plugins }
	if config != nil {
		var err error
		if t, err = tableOf(config); err != nil {
			return nil, protocol.SystemFault("", "%w", err)
		}
		grammar.Plugins = kong.Plugins{&of}
	}
	flags := t.flags()
	grammar.Plugins = append(grammar.Plugins, &own, cli, flags)
	parser, err := kong.New(&grammar, kong.Name(p.Name), kong.Description(p.Description), kong.NoDefaultHelp(),
		kong.Exit(func(int) {}), kong.Writers(p.Stdout, p.Stdout))
	if err != nil {
		return nil, protocol.SystemFault("", "command line of %s: %w", p.Name, err)
	}
	// Help is given even where the rest of the line is not right.
	if node, wanted := helpWanted(parser, p.Args); wanted {
		return &Settings{done: true}, writeHelp(p, t, parser.Model.Node, node)
	}
	parsed, err := parser.Parse(p.Args)
	if err != nil {
		return nil, protocol.ConfigFault(p.Name+" --help lists the flags and settings", "%s", withoutValues(err, parser.Model.Node, p.Args))
	}
	switch {
	case own.Version:
		return p.version()
	case of.About:
		return &Settings{done: true, command: parsed.Command()}, writeAbout(p.Stdout, p, t, of.Format)
	case own.Completion != "":
		return &Settings{done: true, command: parsed.Command()}, writeCompletion(p, t, parser.Model.Node, own.Completion)
	case own.Man:
		return &Settings{done: true, command: parsed.Command()}, writeMan(p, t, parser.Model.Node)
	case of.Format != "":
		return nil, protocol.ConfigFault("add --about", "flag --format is for --about alone")
	case config == nil || slices.Contains(p.WithoutSettings, parsed.Command()):
		return &Settings{program: p.Name, command: parsed.Command(), table: t, env: p.Env}, nil
	}
	if slices.Contains(p.Airbyte, parsed.Command()) && len(of.Config) == 0 {
		return nil, protocol.ConfigFault("give the configuration with --config FILE", "flag --config is missing")
	}
	return t.resolve(p, config, parsed.Command(), t.given(flags), of.Config)
}

func (p *Program) version() (*Settings, error) {
	_, err := fmt.Fprintf(p.Stdout, "%s %s\n", p.Name, p.Version)
	return &Settings{program: p.Name, done: true}, err
}

// helpWanted looks for --help on the line, and for the command that it asks about.
func helpWanted(parser *kong.Kong, args []string) (*kong.Node, bool) {
	trace, err := kong.Trace(parser, args)
	if err != nil {
		return nil, false
	}
	for _, at := range trace.Path {
		if at.Flag != nil && at.Flag.Name == "help" {
			return trace.Selected(), true
		}
	}
	if trace.Error != nil {
		if end := slices.Index(args, "--"); end >= 0 {
			args = args[:end]
		}
		if slices.Contains(args, "--help") {
			return trace.Selected(), true
		}
	}
	return nil, false
}

// withoutValues is kong's message without the text of an argument that is neither a flag nor a command: it may be
// the second half of a password with a space in it. The first argument cannot be one.
func withoutValues(err error, root *kong.Node, args []string) string {
	text := err.Error()
	if what, _, ok := strings.Cut(text, `: expected `); ok && strings.Contains(text, `but got "EOL"`) {
		return what + ": a value is missing"
	}
	for i, arg := range args {
		if !strings.HasPrefix(text, "unexpected argument "+arg) || strings.HasPrefix(arg, "-") {
			continue
		}
		if i > 0 {
			return fmt.Sprintf("unexpected argument number %d; a value that has spaces needs quotes around it", i+1)
		}
		var commands []string
		for _, child := range visible(root.Children) {
			commands = append(commands, child.Name)
		}
		return fmt.Sprintf("unknown command %q%s", arg, didYouMean(arg, commands))
	}
	return text
}

// flags is a pointer to a struct with a field for each setting, in order, which keeps what was given as text.
func (t *table) flags() any {
	fields := make([]reflect.StructField, len(t.settings))
	for i := range t.settings {
		s := &t.settings[i]
		var aliases []string
		for _, alias := range s.aliases {
			aliases = append(aliases, flagName(alias))
		}
		fields[i] = reflect.StructField{Name: fmt.Sprintf("Setting%d", i), Type: reflect.TypeFor[flagTexts]()}
		if s.kind == booleanKind {
			fields[i].Type = reflect.TypeFor[switchTexts]()
		}
		fields[i].Tag = reflect.StructTag(fmt.Sprintf(`name:%q`, flagName(s.key)))
		if len(aliases) > 0 {
			fields[i].Tag += reflect.StructTag(fmt.Sprintf(` aliases:%q`, strings.Join(aliases, ",")))
		}
		if s.kind == booleanKind {
			fields[i].Tag += ` negatable:""`
		}
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// given is what the flags hold, by setting.
func (t *table) given(flags any) map[string][]string {
	given := map[string][]string{}
	v := reflect.ValueOf(flags).Elem()
	for i := range t.settings {
		switch texts := v.Field(i).Interface().(type) {
		case flagTexts:
			given[t.settings[i].key] = texts
		case switchTexts:
			given[t.settings[i].key] = texts
		}
	}
	return given
}

// flagTexts are the values of a flag as they were typed.
type flagTexts []string

// Decode takes a value that begins with one dash, as passwords and numbers may, and none that looks like a flag.
func (f *flagTexts) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if token.IsEOL() || token.Type != kong.FlagValueToken && strings.HasPrefix(token.String(), "--") {
		return errors.New("a value is missing")
	}
	*f = append(*f, token.String())
	return nil
}

// switchTexts are the values of a flag that may stand alone.
type switchTexts []string

// Decode takes a value after = only.
func (f *switchTexts) Decode(ctx *kong.DecodeContext) error {
	text := "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		text = fmt.Sprint(ctx.Scan.Pop().Value)
	}
	*f = append(*f, text)
	return nil
}

// IsBool tells kong that the flag may stand alone.
func (f *switchTexts) IsBool() bool { return true }

// A Choice is a flag that may be given with or without a word, for the program's own grammar: --test and --test=schema.
// It is empty when the flag is absent and "true" when it is bare.
type Choice string

// Decode takes a word after = only.
func (c *Choice) Decode(ctx *kong.DecodeContext) error {
	*c = "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		*c = Choice(ctx.Scan.Pop().String())
	}
	return nil
}

// IsBool tells kong that the flag may stand alone.
func (c *Choice) IsBool() bool { return true }
