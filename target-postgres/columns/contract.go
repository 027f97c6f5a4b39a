package columns

import (
	"errors"

	"github.com/signalroom/signalroom/protocol"
)

// A Contract is the word of the schema_contract setting that governs one kind of change.
type Contract uint8

const (
	// Evolve makes the change.
	Evolve Contract = iota
	// Freeze stops the run.
	Freeze
	// DiscardRow leaves the table as it is; a row with a value that has no place is a reject.
	DiscardRow
	// DiscardValue leaves the table as it is; a value that has no place is dropped.
	DiscardValue
)

// UnmarshalText reads the word.
func (c *Contract) UnmarshalText(word []byte) error {
	switch string(word) {
	case "evolve":
		*c = Evolve
	case "freeze":
		*c = Freeze
	case "discard_row":
		*c = DiscardRow
	case "discard_value":
		*c = DiscardValue
	default:
		return errors.New("expected evolve, freeze, discard_row or discard_value")
	}
	return nil
}

// Contracts are the words for one stream. Its properties are named by glob, see [protocol.ByGlob]; what no glob names evolves.
type Contracts struct {
	Tables  Contract            // of a table that is not there; both discards leave out all of the stream's rows
	Columns map[string]Contract // of new columns
	Types   map[string]Contract // of wider types, variant columns, and columns that are to take nulls
}

func (c *Contracts) columns(of *Column) Contract { return wordFor(c.Columns, of) }

func (c *Contracts) types(of *Column) Contract { return wordFor(c.Types, of) }

func wordFor(words map[string]Contract, of *Column) Contract {
	name := of.Property
	if name == "" {
		name = string(of.Name)
	}
	word, _ := protocol.ByGlob(words, name)
	return word
}
