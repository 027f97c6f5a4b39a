package objects

import (
	"context"
	"io"
)

// Resume is a place in an object's stored bytes at which reading can go on, in a later process too. The zero value is the start.
// It is only good for the version of the object that it was taken from: keep the Object beside it.
type Resume struct {
	Offset int64  `json:"offset"`
	Hash   []byte `json:"hash,omitempty"` // the running checksum; without it only the length is verified at the end
}

// A Body is the stored bytes of one version of an object. It is not safe for concurrent use.
type Body struct{}

// Read opens object at from. The object is pinned: see the promises of the package.
func (b *Bucket) Read(ctx context.Context, object Object, from Resume) (*Body, error) {
	return &Body{}, nil
}

// Read fills p with the next bytes. A consumer that asks for 256 KiB or more at once saves a copy.
func (b *Body) Read(p []byte) (int, error) { return 0, io.EOF }

// Resume says where reading can go on: behind the last byte that Read delivered. A consumer that has not used all the bytes it
// was given keeps the Resume of an earlier Read, and later skips the bytes between the two.
func (b *Body) Resume() Resume { return Resume{} }

// Close ends the request.
func (b *Body) Close() error { return nil }
