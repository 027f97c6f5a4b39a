package load

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeySet(t *testing.T) {
	t.Parallel()
	const table = 1 << 20
	k := newKeySet()
	key := func(n int) uint64 {
		return k.hash(k.hash(0, []byte("acme")), binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	n := 0
	for ; !k.full(table); n++ {
		require.True(t, k.add(key(n)), n)
		require.False(t, k.add(key(n/2)), n)
	}
	require.Equal(t, table/4/8*7, n, "a key takes little more than four bytes")
	for i := range n {
		require.False(t, k.add(key(i)))
	}
}

func TestKeySetWithoutTable(t *testing.T) {
	t.Parallel()
	k := newKeySet()
	for n := range uint64(fewKeys) {
		require.False(t, k.full(0))
		require.True(t, k.add(n))
	}
	require.True(t, k.full(0))
}

// The parts of a composite key count for themselves.
func TestKeySetTellsFieldsApart(t *testing.T) {
	t.Parallel()
	k := newKeySet()
	require.NotEqual(t, k.hash(k.hash(0, []byte("a")), []byte("bc")), k.hash(k.hash(0, []byte("ab")), []byte("c")))
	require.NotEqual(t, k.hash(k.hash(0, []byte("a")), []byte("b")), k.hash(k.hash(0, []byte("b")), []byte("a")))
}
