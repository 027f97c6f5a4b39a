package lines

import (
	"bytes"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// A Decode makes a message of a line, or nothing of one that is to be ignored. valid tells that the line is UTF-8; otherwise it may be. With
// a *[protocol.RecordError] comes the message of that record; every other error ends the reading.
type Decode func(line []byte, valid bool) (*protocol.Message, error)

// Messages are what lines say. Blank lines and a byte order mark are passed over.
type Messages struct {
	Number int64 // of the line that is decoded, from 1
	lines  *Reader
	decode Decode
	err    error // the end
}

// Messages reads the lines as messages. Its user calls [Messages.Next], not that of the Reader.
func (r *Reader) Messages(decode Decode) *Messages { return &Messages{lines: r, decode: decode} }

// Close is that of the lines.
func (m *Messages) Close() error { return m.lines.Close() }

// Next gives the next message. At the end of the input it returns io.EOF. After a *[protocol.RecordError] it may be called again. Every
// other error is the end and is returned again: a Data fault for what was sent, one that is [protocol.ErrTruncated] when the last line
// was cut off.
func (m *Messages) Next() (*protocol.Message, error) {
	for m.err == nil {
		next, err := m.lines.Next()
		if err != nil {
			m.err = m.lines.ended(err, m.Number)
			break
		}
		line := next.Text
		m.Number++
		if m.Number == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if rawjson.SkipSpace(line, 0) == len(line) {
			continue
		}
		message, err := m.decode(line, next.UTF8)
		if err == nil && message == nil {
			continue
		}
		if err == nil || message != nil {
			return message, err
		}
		if m.err = err; !next.Whole {
			m.err = truncated(err, m.Number)
		}
	}
	return nil, m.err
}
