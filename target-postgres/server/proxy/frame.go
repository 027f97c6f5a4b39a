package proxy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// A frame is a message as it stands on the wire: its type, which the first of a client has not, its length, its body.
type frame []byte

// longestFrame is more than any message of a test has.
const longestFrame = 64 << 20

// readFrame reads the next message into the room of the one before. The first of a client has no type.
func readFrame(r *bufio.Reader, f frame, first bool) (frame, error) {
	head := 5
	if first {
		head = 4
	}
	f = append(f[:0], make([]byte, head)...)
	if _, err := io.ReadFull(r, f); err != nil {
		return f, err
	}
	n := int(binary.BigEndian.Uint32(f[head-4:])) - 4
	if n < 0 || n > longestFrame {
		return f, fmt.Errorf("a message of %d bytes", n)
	}
	f = append(f, make([]byte, n)...)
	_, err := io.ReadFull(r, f[head:])
	return f, err
}
