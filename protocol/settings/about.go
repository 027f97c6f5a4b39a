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

// about is the SDK's shape of --about --format=json.
type about struct {
	Name         string             `json:"name"`
	Description  string             `json:"description"`
	Version      string             `json:"version"`
	SDKVersion   string             `json:"sdk_version"`
	Capabilities []string           `json:"capabilities"`
	Settings     *jsonschema.Schema `json:"settings"`
}

// writeAbout writes what a program is and what it can be told. The JSON form has the SDK's shape, the one for Meltano is that of a
// plugin definition.
func writeAbout(w io.Writer, p *Program, t *table, format string) error {
	switch format {
	case "", "text":
		return writeText(w, p, t)
	case "json":
		schema := t.schema()
		nullable(schema)
		return writeJSON(w, about{p.Name, p.Description, p.Version, p.sdkVersion(), append([]string{}, p.Capabilities...), schema})
	case "meltano":
		return writeJSON(w, meltano(p, t))
	case "markdown":
		return writeMarkdown(w, p, t)
	}
	return protocol.ConfigFault("use text, json, markdown or meltano", "flag --format: unknown form")
}

func writeJSON(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

func (p *Program) sdkVersion() string { return "signalroom " + p.Version }

func writeText(to io.Writer, p *Program, t *table) error {
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

// writeMarkdown writes the documentation page of a program, with a table for each group of settings.
func writeMarkdown(to io.Writer, p *Program, t *table) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "# `%s`\n\n%s\n\n", p.Name, p.Description)
	for _, example := range p.Examples {
		fmt.Fprintf(w, "    # %s\n    %s\n\n", example.Says, example.Command)
	}
	fmt.Fprint(w, "## Capabilities\n\n")
	for _, capability := range p.Capabilities {
		fmt.Fprintf(w, "* `%s`\n", capability)
	}
	fmt.Fprint(w, "\n## Settings\n\n")
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
	if p.Notes != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(p.Notes))
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
