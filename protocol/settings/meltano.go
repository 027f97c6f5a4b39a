package settings

// A MeltanoSetting is one entry under settings of a Meltano plugin definition.
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

// Meltano is the settings as a Meltano plugin definition lists them.
func Meltano(config any) ([]MeltanoSetting, error) { return nil, nil }
