package settings

import (
	"reflect"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// A MeltanoSetting is one entry under settings of a Meltano plugin definition. Its JSON is YAML too.
type MeltanoSetting struct {
	Name        string          `json:"name"`
	Label       string          `json:"label,omitempty"`
	Kind        string          `json:"kind,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
	Env         string          `json:"env,omitempty"`
	Aliases     []string        `json:"aliases,omitempty"`
	Value       any             `json:"value,omitempty"`
	Description string          `json:"description,omitempty"`
	Options     []MeltanoOption `json:"options,omitempty"`
}

// A MeltanoOption is one allowed word of a setting of kind options.
type MeltanoOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Meltano is the settings as a Meltano plugin definition lists them. Env is the name that users had before, if any;
// Meltano hands every value over under the program's own name besides.
func Meltano(config any) ([]MeltanoSetting, error) {
	t, err := tableOf(config)
	if err != nil {
		return nil, protocol.SystemFault("", "%w", err)
	}
	var out []MeltanoSetting
	for i := range t.settings {
		s := &t.settings[i]
		if s.hidden {
			continue
		}
		m := MeltanoSetting{
			Name: s.key, Label: title(s.key[strings.LastIndexByte(s.key, '.')+1:]), Kind: s.meltanoKind(), Sensitive: s.secret,
			Aliases: s.aliases, Description: s.help,
		}
		if len(s.env) > 0 {
			m.Env = s.env[0]
		}
		if m.Kind == "options" {
			for _, word := range s.enum {
				m.Options = append(m.Options, MeltanoOption{Label: title(word), Value: word})
			}
		}
		if s.hasDefault {
			m.Value = s.typed(s.byDefault)
			if s.kind == durationKind {
				m.Value = s.byDefault
			}
		}
		out = append(out, m)
	}
	return out, nil
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
	}
	if len(s.enum) > 0 {
		return "options"
	}
	return "string"
}
