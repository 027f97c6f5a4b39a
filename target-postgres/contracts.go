package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// contracts is one word for all streams, or an object with a word for each stream glob. Instead of a word for columns and
// types there may be an object with its own for tables, columns and types, and for columns and types by glob over properties:
//
//	{"orders": {"tables": "freeze", "columns": "freeze", "types": {"amount": "discard_value", "*": "evolve"}}}
type contracts map[string]columns.Contracts

func (c *contracts) UnmarshalJSON(raw []byte) error {
	*c = contracts{}
	if raw[0] == '"' {
		one, err := contractOf(raw)
		(*c)["*"] = one
		return err
	}
	var byGlob map[string]json.RawMessage
	if json.Unmarshal(raw, &byGlob) != nil {
		return errors.New("expected a word, or an object with a word or an object for each stream glob")
	}
	for glob, raw := range byGlob {
		one, err := contractOf(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", glob, err)
		}
		(*c)[glob] = one
	}
	return nil
}

// words is one word for all properties, or one for each glob.
type words map[string]columns.Contract

func (w *words) UnmarshalJSON(raw []byte) error {
	*w = words{}
	if raw[0] != '"' {
		return json.Unmarshal(raw, (*map[string]columns.Contract)(w))
	}
	var word columns.Contract
	err := json.Unmarshal(raw, &word)
	(*w)["*"] = word
	return err
}

// contractOf reads what stands for one stream.
func contractOf(raw []byte) (columns.Contracts, error) {
	if raw[0] == '"' {
		var both words
		err := json.Unmarshal(raw, &both)
		return columns.Contracts{Columns: both, Types: both}, err
	}
	var parts struct {
		Tables  columns.Contract `json:"tables"`
		Columns words            `json:"columns"`
		Types   words            `json:"types"`
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&parts); err != nil {
		return columns.Contracts{}, err
	}
	return columns.Contracts{Tables: parts.Tables, Columns: parts.Columns, Types: parts.Types}, nil
}

// JSONSchema says what the setting takes.
func (*contracts) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "object"}}}
}
