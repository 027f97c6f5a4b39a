package settings

import (
	"io"
	"runtime/debug"
	"strings"
)

// A Program is one binary: what its command line, help and metadata say of it, and what it was started with.
// Nothing here reads the process's own arguments, environment or streams, so programs run side by side in one process.
type Program struct {
	Name         string   // the binary's name, tap-x
	Version      string   // without a leading v
	Description  string   // one line
	Capabilities []string // Meltano's words: catalog, discover, state
	Docs         string   // URL of the documentation page, may be empty
	Examples     []Example
	ExitCodes    []ExitCode // of a program that ends otherwise than taps and targets do
	Notes        string     // Markdown that ends the documentation page, may be empty
	// Unselected are patterns of what a tap reads only when asked: stream.column or stream.*. Meltano selects everything that no rule
	// leaves out, whatever the catalog says.
	Unselected []string
	// WithoutSettings are commands that run without any setting, such as spec.
	WithoutSettings []string
	// Airbyte are commands of Airbyte's protocol: their settings come from flags and config files alone.
	Airbyte []string
	// Optional are required settings that a command can do without. It is asked when the program's own flags are known; nil: there are none.
	Optional func(command string) []string
	Foreign  []Foreign

	Args   []string // without the program's name
	Stdout io.Writer
	// Env looks up the environment; nil is an empty environment.
	Env func(name string) (string, bool)
	// Dir is the working directory, where the search for .env begins; empty means that of the process.
	Dir string
}

// An Example is one command line of the help text.
type Example struct {
	Says    string // what it does, one line
	Command string
}

// An ExitCode is one of a program's, and what it means.
type ExitCode struct{ Code, Means string }

// BuildVersion is what the Go toolchain stamped into the binary, without a leading v: the module's version, or that of the commit.
func BuildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.0.0-dev"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
