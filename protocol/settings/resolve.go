package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// source is where a setting's value comes from.
type source struct {
	name  string // as Origin gives it
	given bool
	texts []string   // flags, environment, default
	file  *fileValue // a config file
}

// inputs are what the user gave, as it was given.
type inputs struct {
	flags  map[string][]string // by setting
	files  []configFile        // a later one counts more
	dotEnv string              // the path of .env
}

// resolve finds each setting's value for a command, flag first and default last, and reads it into config. A command of Airbyte's
// protocol leaves the environment aside, and the keys of files that no setting has.
func (t *table) resolve(p *Program, config any, command string, flags map[string][]string, files []string) (*Settings, error) {
	s := &Settings{
		program: p.Name, command: command, table: t, sources: make([]source, len(t.settings)), env: p.Env,
		filesAlone: slices.Contains(p.Airbyte, command),
	}
	problems := &Problems{settings: s}
	in := inputs{flags: flags}
	if !s.filesAlone {
		var err error
		if in.dotEnv, s.dotEnv, err = readDotEnv(p.Dir); err != nil {
			problems.line("%v", err)
		}
	}
	for _, path := range files {
		if path != "ENV" { // the SDK's word for the environment, which is read anyway
			file := t.readFile(p, path, problems.line)
			if s.filesAlone {
				s.unknown = append(s.unknown, file.unknown...)
			} else {
				file.refuseUnknown(t, problems.line)
			}
			in.files = append(in.files, file)
		}
	}
	s.meet(p, in.files, problems)
	var optional []string
	if p.Optional != nil {
		optional = p.Optional(command)
	}
	into := reflect.ValueOf(config).Elem()
	for i := range t.settings {
		set := &t.settings[i]
		from := s.find(i, &in)
		s.sources[i] = from
		v := into.FieldByIndex(set.index)
		d := &decoder{}
		if from.file != nil {
			d.json("", v, set.facets, from.file.raw)
		}
		for _, text := range from.texts {
			d.text("", v, set.facets, text)
		}
		if !from.given && len(d.problems) > 0 {
			return nil, protocol.SystemFault("", "default: %s: %s", set.key, d.problems[0].text)
		}
		if from.given {
			s.secrets = append(s.secrets, d.secrets...)
			if len(flags[set.key]) > 0 && slices.ContainsFunc(d.secrets, exposes) {
				s.exposed = append(s.exposed, set.key)
			}
		}
		for _, problem := range d.problems {
			problems.line("%s: %s%s: %s", from.name, set.key, problem.path, problem.text)
		}
		if set.required && len(d.problems) == 0 && isEmpty(v) && !slices.Contains(optional, set.key) {
			problems.line("%s", s.missing(set))
		}
	}
	return s, problems.Err()
}

// find looks for a setting in one place after the other.
func (s *Settings) find(i int, in *inputs) source {
	set := &s.table.settings[i]
	if texts := in.flags[set.key]; len(texts) > 0 {
		return source{name: "flag --" + flagName(set.key), given: true, texts: texts}
	}
	if s.underMeltano() {
		if from, ok := inFiles(in.files, i); ok {
			return from
		}
	}
	names := set.envNames(s.program)
	if s.env != nil && !s.filesAlone {
		for _, name := range names {
			if text, ok := s.env(name); ok && text != "" {
				return source{name: "environment " + name, given: true, texts: []string{text}}
			}
		}
	}
	for _, name := range names {
		if text := s.dotEnv[name]; text != "" {
			return source{name: name + " in " + in.dotEnv, given: true, texts: []string{text}}
		}
	}
	if from, ok := inFiles(in.files, i); ok {
		return from
	}
	if set.hasDefault {
		return source{name: "default", texts: []string{set.byDefault}}
	}
	return source{name: "not given"}
}

// inFiles finds a setting in the last file that has it.
func inFiles(files []configFile, i int) (source, bool) {
	for _, file := range slices.Backward(files) {
		if value, ok := file.values[i]; ok {
			return source{name: "config file " + file.path, given: true, file: &value}, true
		}
	}
	return source{}, false
}

// underMeltano tells whether Meltano has started the program. It has then settled what counts, environment and .env included, written
// that into the config file, and made variables of it that hold less: {"*.email": "hash"} where the file has {"*": {"email": "hash"}},
// and Python's notation for a list where it expected text.
func (s *Settings) underMeltano() bool {
	for _, name := range []string{"MELTANO_EXTRACTOR_NAME", "MELTANO_LOADER_NAME"} {
		if text, ok := s.Env(name); ok && text != "" {
			return true
		}
	}
	return false
}

// missing says how a required setting can be given.
func (s *Settings) missing(set *setting) string {
	if s.filesAlone {
		return set.key + " is required: put it into the configuration"
	}
	if len(set.env) > 0 {
		return fmt.Sprintf("%s is required: give --%s, set %s (or %s), or put %q in a config file",
			set.key, flagName(set.key), envName(s.program, set.key), strings.Join(set.env, ", "), set.key)
	}
	return fmt.Sprintf("%s is required: give --%s, set %s, or put %q in a config file",
		set.key, flagName(set.key), envName(s.program, set.key), set.key)
}

func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Pointer, reflect.Struct:
		return v.IsZero()
	}
	return false
}

// Problems gathers what is wrong with the settings, so that the user hears of all of it at once.
type Problems struct {
	settings *Settings
	lines    []string
}

// Add reports a problem of one setting, or of a place inside its value: page_size, streams[0].name. The text says what
// is expected and never holds the value.
func (p *Problems) Add(key, format string, args ...any) {
	text := key + ": " + fmt.Sprintf(format, args...)
	if p.settings.Given(key) {
		text = p.settings.Origin(key) + ": " + text
	}
	p.line("%s", text)
}

// Missing reports a setting that is required here though its tag cannot say so, and how to give it.
// The text, which may be empty, says why.
func (p *Problems) Missing(key, why string) {
	i, ok := p.settings.table.byKey[key]
	if !ok {
		p.line("%s is required", key)
		return
	}
	text := p.settings.missing(&p.settings.table.settings[i])
	if why != "" {
		text = strings.Replace(text, "is required:", "is required "+why+":", 1)
	}
	p.line("%s", text)
}

func (p *Problems) line(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// Err is nil without problems, otherwise a Fault of kind Config with one line for each.
func (p *Problems) Err() error {
	if len(p.lines) == 0 {
		return nil
	}
	return protocol.ConfigFault("", "%s", strings.Join(p.lines, "\n"))
}
