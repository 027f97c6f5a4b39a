package settings

import (
	"encoding/json"
	"io"
)

// A Format is a form of --about.
type Format string

// The forms of --about.
const (
	Text     Format = "text"
	JSON     Format = "json"
	Markdown Format = "markdown"
)

// WriteAbout writes what a program is and what it can be told. The JSON form has the SDK's shape.
func WriteAbout(w io.Writer, p *Program, config any, format Format) error { return nil }

// Schema is the JSON Schema of the settings, with "secret": true on secret ones.
func Schema(config any) (json.RawMessage, error) { return nil, nil }

// WriteMarkdown writes the table of settings for a documentation page.
func WriteMarkdown(w io.Writer, p *Program, config any) error { return nil }
