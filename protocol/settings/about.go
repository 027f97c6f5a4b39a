package settings

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/signalroom/signalroom/protocol"
)

// A Format is a form of --about.
type Format string

// The forms of --about.
const (
	Text     Format = "text"
	JSON     Format = "json"
	Markdown Format = "markdown"
	Plugin   Format = "meltano"
)

// about is the SDK's shape of --about --format=json.
type about struct {
	Name         string             `json:"name"`
	Description  string             `json:"description"`
	Version      string             `json:"version"`
	SDKVersion   string             `json:"sdk_version"`
	Capabilities []string           `json:"capabilities"`
	Settings     *jsonschema.Schema `json:"settings"`
}

// WriteAbout writes what a program is and what it can be told. The JSON form has the SDK's shape, the one for Meltano is that of a
// plugin definition.
func WriteAbout(w io.Writer, p *Program, config any, format Format) error {
	format, err := parseFormat(format)
	if err != nil {
		return err
	}
	switch format {
	case JSON:
		schema, err := Schema(config)
		if err != nil {
			return err
		}
		nullable(schema)
		return writeJSON(w, about{p.Name, p.Description, p.Version, p.sdkVersion(), append([]string{}, p.Capabilities...), schema})
	case Plugin:
		plugin, err := Meltano(p, config)
		if err != nil {
			return err
		}
		return writeJSON(w, plugin)
	case Markdown:
		var b strings.Builder
		fmt.Fprintf(&b, "# `%s`\n\n%s\n\n", p.Name, p.Description)
		for _, example := range p.Examples {
			fmt.Fprintf(&b, "    # %s\n    %s\n\n", example.Says, example.Command)
		}
		fmt.Fprint(&b, "## Capabilities\n\n")
		for _, capability := range p.Capabilities {
			fmt.Fprintf(&b, "* `%s`\n", capability)
		}
		fmt.Fprint(&b, "\n## Settings\n\n")
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
		if err := WriteMarkdown(w, p, config); err != nil || p.Notes == "" {
			return err
		}
		_, err := io.WriteString(w, "\n"+strings.TrimSpace(p.Notes)+"\n")
		return err
	}
	return writeText(w, p, config)
}

func writeJSON(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

func (p *Program) sdkVersion() string { return "signalroom " + p.Version }

func writeText(to io.Writer, p *Program, config any) error {
	t, err := tableOf(config)
	if err != nil {
		return protocol.SystemFault("", "%w", err)
	}
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "Name: %s\nDescription: %s\nVersion: %s\nSDK Version: %s\n", p.Name, p.Description, p.Version, p.sdkVersion())
	fmt.Fprintf(w, "Capabilities: %s\n\nSettings:\n", strings.Join(p.Capabilities, ", "))
	for _, group := range t.groups() {
		for _, s := range group.settings {
			facts := []string{s.valueName()}
			if s.required {
				facts = append(facts, "required")
			}
			if s.secret {
				facts = append(facts, "secret")
			}
			if s.hasDefault && s.byDefault != "" {
				facts = append(facts, "default "+s.byDefault)
			}
			fmt.Fprintf(w, "  %s (%s)\n%s", s.key, strings.Join(facts, ", "), wrapped(s.help, "      "))
		}
	}
	return w.Flush()
}

// WriteMarkdown writes the tables of settings for a documentation page, one for each group.
func WriteMarkdown(to io.Writer, p *Program, config any) error {
	t, err := tableOf(config)
	if err != nil {
		return protocol.SystemFault("", "%w", err)
	}
	w := bufio.NewWriter(to)
	for i, group := range t.groups() {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if group.title != "" {
			fmt.Fprintf(w, "### %s\n\n", group.title)
		}
		fmt.Fprint(w, "| Setting | Environment | Default | What it does |\n|---|---|---|---|\n")
		for _, s := range group.settings {
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", code(s.key, s.aliases...), code("", s.envNames(p.Name)...), s.defaultCell(), s.helpCell())
		}
	}
	return w.Flush()
}

func (s *setting) defaultCell() string {
	switch {
	case s.required:
		return "required"
	case s.hasDefault && s.byDefault != "":
		return code(s.byDefault)
	}
	return ""
}

func (s *setting) helpCell() string {
	text := s.help
	if s.secret {
		text += " Secret."
	}
	if len(s.enum) > 0 {
		text += " One of " + code("", s.enum...) + "."
	}
	if s.example != "" {
		text += " Example: " + code(s.example) + "."
	}
	return strings.NewReplacer("\n", " ", "|", `\|`).Replace(text)
}

// code is a list of words in a table cell.
func code(first string, more ...string) string {
	var cells []string
	for _, word := range append([]string{first}, more...) {
		if word != "" {
			cells = append(cells, "`"+strings.ReplaceAll(word, "|", `\|`)+"`")
		}
	}
	return strings.Join(cells, ", ")
}
