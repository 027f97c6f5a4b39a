package main

import (
	"strconv"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
)

// rejectedRows is the stream of the rows that could not be read.
const rejectedRows = "_rejected_rows"

var rejectColumns = []tap.Column{
	{Name: "file", Schema: []byte(`{"type":"string","description":"Key of the file; inside an archive, key#member."}`)},
	{Name: "line", Schema: []byte(`{"type":"integer","description":"Physical line on which the row begins, from 1."}`)},
	{Name: "byte_offset", Schema: []byte(`{"type":"integer","description":"Unpacked bytes before the row."}`)},
	{Name: "column", Schema: []byte(`{"type":["null","string"],"description":"Name of the column to blame, where there is one."}`)},
	{Name: "reason", Schema: []byte(`{"type":"string","description":"bare_quote, text_after_quote, unterminated_quote, record_too_long, too_many_fields, invalid_encoding, or the keyword of the schema that the row breaks."}`)},
	{Name: "raw", Schema: []byte(`{"type":["null","string"],"description":"The row as it stands in the file; withheld where the stream hides a column."}`)},
}

// A rejectedRow is one row of the stream.
type rejectedRow struct {
	file         string
	line, offset int64
	column       string // empty: null
	reason       string
	raw          string
	hideRaw      bool
}

// appendJSON appends the row as a JSON object.
func (r *rejectedRow) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"file":`...)
	dst = rawjson.AppendString(dst, r.file)
	dst = append(dst, `,"line":`...)
	dst = strconv.AppendInt(dst, r.line, 10)
	dst = append(dst, `,"byte_offset":`...)
	dst = strconv.AppendInt(dst, r.offset, 10)
	dst = append(dst, `,"column":`...)
	if r.column == "" {
		dst = append(dst, "null"...)
	} else {
		dst = rawjson.AppendString(dst, r.column)
	}
	dst = append(dst, `,"reason":`...)
	dst = rawjson.AppendString(dst, r.reason)
	dst = append(dst, `,"raw":`...)
	if r.hideRaw {
		dst = append(dst, "null"...)
	} else {
		dst = rawjson.AppendStringLossy(dst, r.raw)
	}
	return append(dst, '}')
}
