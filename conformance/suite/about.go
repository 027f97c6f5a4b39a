package suite

import (
	"encoding/json"
	"slices"
)

// An about is what a program prints for --about --format=json, in the form of Meltano's SDK.
type about struct {
	Name         string   `json:"name"`
	Capabilities []string `json:"capabilities"`
	Settings     struct {
		Properties map[string]setting `json:"properties"`
	} `json:"settings"`
}

type setting struct {
	Secret        bool `json:"secret"`
	AirbyteSecret bool `json:"airbyte_secret"`
}

// describe asks the program once. The about of a program without that flag is empty.
func (s *session) describe() (*about, error) {
	if s.about != nil {
		return s.about, nil
	}
	e, err := s.run("", nil, "--about", "--format=json")
	if err != nil {
		return nil, err
	}
	a := &about{}
	if e.code == 0 {
		_ = json.Unmarshal([]byte(e.stdout), a) // cli/about reports it
	}
	s.about = a
	return a, nil
}

func (a *about) secret(name string) bool {
	return a != nil && (a.Settings.Properties[name].Secret || a.Settings.Properties[name].AirbyteSecret)
}

// has tells whether the program has the setting. One that does not list its settings is taken to have it, unless it needs config files.
func (s *session) has(a *about, name string) bool {
	if len(a.Settings.Properties) == 0 {
		return len(s.Configs) == 0
	}
	_, ok := a.Settings.Properties[name]
	return ok
}

func (a *about) can(capability string) bool {
	return len(a.Capabilities) == 0 || slices.Contains(a.Capabilities, capability)
}
