package lines

import (
	"errors"
	"io"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// ended is what an error of Next means to a reader of messages, after so many lines. The end of the input and a close stay as
// they are.
func (r *Reader) ended(err error, lines int64) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, protocol.ErrClosed):
		return err
	case errors.Is(err, ErrTooLong):
		return protocol.DataFault("send smaller records", "line %d is longer than %d bytes", lines+1, r.maximum)
	}
	return protocol.SystemFault("", "reading the input after line %d: %w", lines, err)
}

// truncated is the fault of a last line without an end, given its error: if that is one of syntax, the line was cut off.
func truncated(err error, line int64) error {
	var syntax *rawjson.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	return protocol.DataFault("the program that writes has died; see its log", "line %d: %w", line, protocol.ErrTruncated)
}

// FirstInvalid is where the first byte stands that is no part of UTF-8, counted from 1; 0 for none.
func FirstInvalid(line []byte) int {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && size == 1 {
			return i + 1
		}
		i += size
	}
	return 0
}
