package settings

import "github.com/signalroom/signalroom/protocol"

// Settings are what a program was started with, once parsed: its command, and for each setting where its value came from.
type Settings struct {
	done    bool
	command string
}

// Parse reads the command line into cli, a pointer to the program's own kong grammar (flags and commands), and the
// settings into config, a pointer to its settings struct. The flags --config, --help, --about, --format and --version
// belong to this package; neither struct may have them.
//
// When help, version or about was asked for, it is printed and [Settings.Done] is true; config then holds nothing.
// Every problem with the settings is reported at once, in a Fault of kind Config whose text has one line for each.
func Parse(p *Program, cli, config any) (*Settings, error) {
	return &Settings{}, nil
}

// Done tells that the answer was printed and nothing is left to do.
func (s *Settings) Done() bool { return s.done }

// Command is the command that was chosen, its words joined by a space: "rejects list". It is empty where the grammar has none.
func (s *Settings) Command() string { return s.command }

// Origin says where a setting's value came from, in words for a message: "flag --page-size",
// "environment TAP_X_PAGE_SIZE", "file config.json", "default", and "not given".
func (s *Settings) Origin(key string) string { return "default" }

// Given tells whether the user gave the setting: its value is neither the default nor missing.
func (s *Settings) Given(key string) bool { return false }

// Secrets are the texts that must never be printed: the values of secret settings, and the passwords within them.
func (s *Settings) Secrets() []string { return nil }

// Env looks up a variable as the settings did: in the environment, then in .env.
func (s *Settings) Env(name string) (string, bool) { return "", false }

// Problems begins a list of what is wrong with the settings as a whole, for checks that a tag cannot say.
func (s *Settings) Problems() *Problems { return &Problems{} }

// Problems gathers what is wrong with the settings, so that the user hears of all of it at once.
type Problems struct {
	lines []string
}

// Add reports a problem of one setting. The text says what is expected and never holds the value.
func (p *Problems) Add(key, format string, args ...any) {}

// Err is nil without problems, otherwise a Fault of kind Config.
func (p *Problems) Err() error {
	if len(p.lines) == 0 {
		return nil
	}
	return protocol.ConfigFault("", "")
}
