// Package objects lists a bucket and reads what it holds.
//
// Its promises:
//
//   - A read is pinned to the version of the object that was listed. Bytes of two versions never meet in one stream:
//     a replaced object ends the read with ErrChanged.
//   - io.EOF means that every byte arrived: the length, and the whole-object checksum where the server has one, are
//     verified before it is returned, also when the read began in another process (Resume).
//   - A dropped or silent connection is resumed where it broke; no byte is delivered twice and none is left out.
//   - Memory is bounded whatever the object's size and however it is packed.
//   - One object is opened ahead at the most (Expect), and nothing of it is read before it is wanted.
//   - Errors are protocol faults that say what to do next; those of one object wrap a sentinel of this package.
package objects

import "errors"

// What can be wrong with one object while the others are fine. An error that wraps one of these concerns that object alone; it is
// a protocol fault too.
var (
	// ErrChanged says that the object is no longer the one that was listed: list it again and start it from the beginning.
	ErrChanged = errors.New("the object was replaced after it was listed")
	// ErrVanished says that the object was deleted after it was listed.
	ErrVanished = errors.New("the object was deleted after it was listed")
	// ErrArchived says that the object lies in an archive storage class and has to be restored before it can be read.
	ErrArchived = errors.New("the object is archived")
	// ErrCorrupt says that the bytes are not what the checksum, the length or the compression format says.
	ErrCorrupt = errors.New("the object is corrupt")
	// ErrUnsupported says that the object is packed in a way that cannot be read here: encrypted, or with a window beyond the limit.
	ErrUnsupported = errors.New("the object cannot be unpacked here")
)
