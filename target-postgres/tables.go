package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/invopop/jsonschema"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// tables says by stream glob how tables are stored.
type tables map[string]columns.Physical

// UnmarshalJSON reads an object by glob, and says which of them is wrong.
func (t *tables) UnmarshalJSON(raw []byte) error {
	var byGlob map[string]json.RawMessage
	if err := json.Unmarshal(raw, &byGlob); err != nil {
		return err
	}
	*t = tables{}
	for _, glob := range slices.Sorted(maps.Keys(byGlob)) {
		var p columns.Physical
		if err := json.Unmarshal(byGlob[glob], &p); err != nil {
			return fmt.Errorf("%s: %w", glob, err)
		}
		(*t)[glob] = p
	}
	return nil
}

// JSONSchema says what the setting takes.
func (*tables) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }
