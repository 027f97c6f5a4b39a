package objects

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// TestExpect has the next object asked for while the end of one is still to be read, once, and not before it is near.
func TestExpect(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	large := strings.Repeat("0123456789abcdef", (aheadBytes+1<<20)/16)
	for key, body := range map[string]string{"1": large, "2": "second", "3": "third"} {
		server.Put(bucketName, key, []byte(body))
	}
	asked := map[string]chan struct{}{"1": make(chan struct{}, 9), "2": make(chan struct{}, 9), "3": make(chan struct{}, 9)}
	b, proxy := through(t, server, func(_ int, r *http.Request) s3test.Fault {
		asked[r.URL.Path[len(r.URL.Path)-1:]] <- struct{}{}
		return s3test.Fault{}
	})
	var objects []Object
	for _, key := range []string{"1", "2", "3"} {
		objects = append(objects, one(t, server, key))
	}
	read := func(object Object) *Body {
		body, err := b.Read(t.Context(), object, Resume{})
		require.NoError(t, err)
		return body
	}

	b.Expect(t.Context(), &objects[1])
	first := read(objects[0])
	_, err := io.CopyN(io.Discard, first, 1<<20-1)
	require.NoError(t, err)
	require.Nil(t, b.ahead.opening, "its end is not near")
	_, err = io.CopyN(io.Discard, first, 1)
	require.NoError(t, err)
	<-asked["2"]
	rest, err := io.ReadAll(first)
	require.NoError(t, err)
	require.Len(t, rest, len(large)-1<<20)
	require.NoError(t, first.Close())

	second := read(objects[1])
	text, err := io.ReadAll(second)
	require.NoError(t, err)
	require.Equal(t, "second", string(text))
	require.NoError(t, second.Close())
	require.Len(t, proxy.Requests(), 2)

	b.Expect(t.Context(), &objects[2])
	first = read(objects[1])
	_, err = io.ReadAll(first)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	<-asked["3"]
	require.NoError(t, read(objects[0]).Close(), "another one than was expected")
	b.Expect(t.Context(), nil)
	require.Nil(t, b.ahead.opening)
}

// TestExpectedVanishes tells what was wrong with the object when it is read, and no earlier.
func TestExpectedVanishes(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "1", []byte("first"))
	server.Put(bucketName, "2", []byte("second"))
	b := direct(t, server)
	first, second := one(t, server, "1"), one(t, server, "2")
	second.ETag = "00000000000000000000000000000000"
	b.Expect(t.Context(), &second)
	body, err := b.Read(t.Context(), first, Resume{})
	require.NoError(t, err)
	_, err = io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	_, err = b.Read(t.Context(), second, Resume{})
	require.ErrorIs(t, err, ErrChanged)

	ctx, cancel := context.WithCancel(t.Context())
	b.Expect(ctx, &first)
	cancel()
	b.Expect(ctx, nil)
}
