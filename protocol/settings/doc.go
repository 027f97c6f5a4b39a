// Package settings makes one struct the only source of truth for what a program can be told: its flags, environment
// variables, JSON config files and .env, its help, --about, manual page, completion scripts, documentation table and Meltano
// definitions.
//
// # The struct
//
//	type Config struct {
//		Common                                  // an embedded block: its settings are ours
//		PageSize int           `json:"page_size" default:"100" help:"Rows per request."`
//		APIKey   string        `json:"api_key" secret:"" required:"" env:"POSTHOG_API_KEY" help:"Personal API key."`
//		Timeout  time.Duration `json:"request_timeout" default:"60s" help:"Longest wait for an answer."`
//		Since    *time.Time    `json:"start_date" help:"First instant to read."`
//		Mode     string        `json:"mode" enum:"fast,exact" default:"exact" help:"How to count."`
//		Tunnel   Tunnel        `json:"ssh_tunnel"` // a nested block: ssh_tunnel.host, --ssh-tunnel-host
//	}
//
// The tags:
//
//	json         the setting's name, required; "-" is no setting
//	help         one sentence or two
//	default      as text, in the form that the environment has
//	env          older environment variables that are read too, comma separated
//	alias        older config keys that are accepted too, comma separated
//	enum         the words allowed, comma separated
//	secret       the value is never printed
//	required     it must be given, and not be empty; on an embedded block, the names of those of its settings that must
//	placeholder  what --help shows for the value
//	example      one example value
//	hidden       left out of help and documentation
//	meltano      the default in a Meltano project, where it should be another: a variable of Meltano's
//	group        the heading in help; a block's group is that of its settings
//	format       "date" for a time.Time that is a day
//	min, max     bounds of a number or a duration
//	airbyte      what is different in an Airbyte form; see [ConnectionSpecification]
//
// A struct that declares a setting of an embedded block anew, to give it another environment variable perhaps, has the value in its
// own field, as in Go; that of the block stays empty.
//
// The types: string, bool, int, int64, float64, time.Duration (seconds, or "90s"), time.Time, []string (a list, or comma
// separated text), map[string]string (an object, or k=v,k=v), pointers to these, and anything else as JSON: structs,
// slices and maps are read strictly, a [encoding/json.Unmarshaler] (a text or an object, say) reads itself.
//
// # Where a value comes from
//
// A flag beats the environment, the environment beats .env, .env beats a later config file, which beats an earlier
// one, which beats the default. Where Meltano starts the program, the file that it wrote beats the environment. A null, and an empty
// environment variable, is as if it were absent.
//
// For a command of Airbyte's protocol the config files are all there is, beside flags: what the platform's user sees in the form is what
// counts. A key that no setting has is left aside there, since the platform may add some.
package settings
