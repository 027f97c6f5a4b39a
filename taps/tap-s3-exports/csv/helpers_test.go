package csv

import (
	"encoding/binary"
	"unicode/utf16"
)

// encode16 writes text as UTF-16 without a mark.
func encode16(text, encoding string) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if encoding == UTF16BE {
		order = binary.BigEndian
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}
