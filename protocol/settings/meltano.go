package settings

import (
	"reflect"
	"slices"
	"strings"
)

// repository is where the programs come from, and the prefix of the addresses of their pages.
const repository = "https://github.com/signalroom/signalroom"

// A meltanoPlugin is the definition of a plugin whose program lies in the PATH, as `meltano add --from-ref` reads it and the plugins of
// Meltano's hub are defined: https://docs.meltano.com/reference/plugin-definition-syntax. Its JSON is YAML too.
type meltanoPlugin struct {
	Name         string           `json:"name"`
	Namespace    string           `json:"namespace"`
	Variant      string           `json:"variant"`
	Label        string           `json:"label"`
	Description  string           `json:"description"`
	Docs         string           `json:"docs"`
	Repo         string           `json:"repo"`
	Executable   string           `json:"executable"`
	Capabilities []string         `json:"capabilities"`
	Required     [][]string       `json:"settings_group_validation,omitempty"` // sets of settings of which one must be given whole
	Settings     []meltanoSetting `json:"settings"`
	Dialect      string           `json:"dialect,omitempty"` // of a loader
	Select       []string         `json:"select,omitempty"`  // of an extractor, for projects that say nothing of their own
}

// A meltanoSetting is one entry under settings of a Meltano plugin definition.
type meltanoSetting struct {
	Name        string          `json:"name"`
	Label       string          `json:"label,omitempty"`
	Kind        string          `json:"kind,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
	Env         string          `json:"env,omitempty"`
	Aliases     []string        `json:"aliases,omitempty"`
	Value       any             `json:"value,omitempty"`
	Description string          `json:"description,omitempty"`
	Options     []meltanoOption `json:"options,omitempty"`
}

// A meltanoOption is one allowed word of a setting of kind options.
type meltanoOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// meltano is the program as a Meltano plugin. Env of a setting is the name that users had before, if any; Meltano hands every value
// over under the program's own name besides.
func meltano(p *Program, t *table) *meltanoPlugin {
	_, label, _ := strings.Cut(p.Name, "-")
	out := &meltanoPlugin{
		Name: p.Name, Namespace: strings.ReplaceAll(p.Name, "-", "_"), Variant: "signalroom", Label: title(strings.ReplaceAll(label, "-", "_")),
		Description: p.Description, Docs: repository + "/blob/main/docs/" + p.Name + ".md", Repo: repository, Executable: p.Name,
		Capabilities: p.Capabilities,
	}
	if strings.HasPrefix(p.Name, "target-") {
		out.Dialect = label
	}
	for _, pattern := range p.Unselected {
		out.Select = append(out.Select, "!"+pattern)
	}
	if out.Select != nil {
		out.Select = slices.Insert(out.Select, 0, "*.*")
	}
	var required []string
	for i := range t.settings {
		s := &t.settings[i]
		if s.hidden {
			continue
		}
		m := meltanoSetting{
			Name: s.key, Label: title(s.key[strings.LastIndexByte(s.key, '.')+1:]), Kind: s.meltanoKind(), Sensitive: s.secret,
			Aliases: s.aliases, Description: s.help,
		}
		if len(s.env) > 0 {
			m.Env = s.env[0]
		}
		if m.Kind == "options" {
			for _, word := range s.enum {
				m.Options = append(m.Options, meltanoOption{Label: title(word), Value: word})
			}
		}
		// Meltano would hand a default over as if it had been given, and the older variable would not be heard.
		if s.hasDefault && m.Env == "" {
			m.Value = s.typed(s.byDefault)
			if s.kind == durationKind {
				m.Value = s.byDefault
			}
		}
		if s.meltano != "" {
			m.Value = s.meltano
		}
		if s.required {
			required = append(required, s.key)
		}
		out.Settings = append(out.Settings, m)
	}
	if required != nil {
		out.Required = [][]string{required}
	}
	return out
}

func (s *setting) meltanoKind() string {
	switch s.kind {
	case booleanKind:
		return "boolean"
	case integerKind:
		return "integer"
	case numberKind:
		return "decimal"
	case instantKind, dayKind:
		return "date_iso8601"
	case listKind:
		return "array"
	case pairsKind:
		return "object"
	case jsonKind:
		if s.typ.Kind() == reflect.Slice && s.typ != rawType {
			return "array"
		}
		return "object"
	case customKind:
		if name := customSchema(s.typ).Type; name == "object" || name == "array" {
			return name
		}
	}
	if len(s.enum) > 0 {
		return "options"
	}
	return "string"
}
