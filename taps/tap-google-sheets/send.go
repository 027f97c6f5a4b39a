package main

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// keysWatched bounds what is remembered to find a key that comes twice.
const keysWatched = 1 << 20

// checkKey finds rows that have no key, and those whose key another one has.
func (p *part) checkKey(out *tap.Output, rows *spool, columns []kinds.Column) error {
	if len(p.key) == 0 {
		return nil
	}
	place := make([]int, len(columns)) // in the key, from 1
	for i, name := range p.key {
		at := slices.IndexFunc(columns, func(c kinds.Column) bool { return c.Name == name })
		if at < 0 {
			return protocol.InStream(p.stream, protocol.ConfigFault("correct key_properties: the columns are "+names(columns), "there is no column %q for the key", name))
		}
		place[at] = i + 1
	}
	seen := map[uint64]bool{}
	var key maphash.Hash
	parts := make([][]byte, len(p.key))
	twice, lacking := 0, 0
	err := rows.each(func(_, cells int, encoded []byte) error {
		clear(parts)
		for i := range cells {
			k, raw, rest := nextCell(encoded)
			if encoded = rest; place[i] > 0 && k != kinds.Blank {
				parts[place[i]-1] = appendText(parts[place[i]-1][:0], columns[i].Kind, k, raw, time.UTC)
			}
		}
		key.Reset()
		for _, part := range parts {
			if part == nil {
				lacking++
				return nil
			}
			key.Write(strconv.AppendInt(nil, int64(len(part)), 10))
			key.Write(part)
		}
		switch sum := key.Sum64(); {
		case seen[sum]:
			twice++
		case len(seen) < keysWatched:
			seen[sum] = true
		}
		return nil
	})
	if err != nil || twice+lacking == 0 {
		return err
	}
	if p.reading.OnDuplicateKey == "fail" {
		return protocol.DataFault("correct the sheet, or set on_duplicate_key to warn", "%d rows have the key of another row, %d have none", twice, lacking)
	}
	out.Log().Warn("rows have the key of an earlier row, which they replace, or none", "twice", twice, "without", lacking)
	return nil
}

func names(columns []kinds.Column) string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return strings.Join(all, ", ")
}

// A field is where the cells of a column go.
type field struct {
	member []byte // `,"name":`; nil where the column is not sent
	column kinds.Kind
	keep   tap.Keep
}

// send sends every row.
func (p *part) send(out *tap.Output, rows *spool, columns []kinds.Column) error {
	fields := make([]field, len(columns))
	for i, c := range columns {
		if keep := out.Keep(c.Name); keep != tap.Dropped && c.Kind != kinds.Blank {
			fields[i] = field{append(rawjson.AppendStringLossy([]byte{','}, c.Name), ':'), c.Kind, keep}
		}
	}
	number := field{append(rawjson.AppendStringLossy([]byte{','}, rowNumberColumn), ':'), kinds.Integer, out.Keep(rowNumberColumn)}
	constants := p.constants(out)
	zone := p.zone()
	var row, value []byte
	return rows.each(func(at, cells int, encoded []byte) error {
		row = row[:0]
		value = strconv.AppendInt(value[:0], int64(at), 10)
		switch number.keep {
		case tap.Dropped:
		case tap.Whole:
			row = append(append(row, number.member...), value...)
		default:
			row = tap.AppendKept(append(row, number.member...), number.keep, value)
		}
		row = append(row, constants...)
		for i := range fields {
			var k kinds.Kind
			var raw []byte
			if i < cells {
				k, raw, encoded = nextCell(encoded)
			}
			f := &fields[i]
			switch {
			case f.member == nil:
				continue
			case k == kinds.Blank:
				row = append(append(row, f.member...), "null"...)
			case f.keep == tap.Whole:
				row = appendValue(append(row, f.member...), f.column, k, raw, zone)
			default:
				value = appendText(value[:0], f.column, k, raw, zone)
				row = tap.AppendKept(append(row, f.member...), f.keep, value)
			}
		}
		return out.Row(row[min(1, len(row)):])
	})
}

// constants are the members that are the same in all rows, each with a comma in front.
func (p *part) constants(out *tap.Output) (members []byte) {
	add := func(name string, value []byte) {
		member := append(rawjson.AppendStringLossy([]byte{','}, name), ':')
		switch keep := out.Keep(name); keep {
		case tap.Dropped:
		case tap.Whole:
			members = append(append(members, member...), value...)
		default:
			members = tap.AppendKept(append(members, member...), keep, []byte(unquoted(value)))
		}
	}
	add(spreadsheetIDColumn, rawjson.AppendStringLossy(nil, p.book.id))
	add(sheetIDColumn, strconv.AppendInt(nil, p.tab.Properties.SheetId, 10))
	add(sheetNameColumn, rawjson.AppendStringLossy(nil, p.tab.Properties.Title))
	return members
}

// unquoted is the text of a JSON string; anything else is as it is.
func unquoted(value []byte) string {
	if len(value) == 0 || value[0] != '"' {
		return string(value)
	}
	plain, _ := rawjson.AppendUnquoted(nil, value)
	return string(plain)
}
