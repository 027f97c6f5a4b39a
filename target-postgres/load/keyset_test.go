package load

import (
	"encoding/binary"
	"hash/maphash"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/tuples"
)

func TestKeySet(t *testing.T) {
	t.Parallel()
	const table = 1 << 20
	seed, k := maphash.MakeSeed(), newKeySet()
	key := func(n int) uint64 {
		return tuples.KeyHash(seed, tuples.KeyHash(seed, 0, []byte("acme")), binary.BigEndian.AppendUint64(nil, uint64(n)))
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
func TestKeyHashTellsFieldsApart(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	require.NotEqual(t, tuples.KeyHash(seed, tuples.KeyHash(seed, 0, []byte("a")), []byte("bc")), tuples.KeyHash(seed, tuples.KeyHash(seed, 0, []byte("ab")), []byte("c")))
	require.NotEqual(t, tuples.KeyHash(seed, tuples.KeyHash(seed, 0, []byte("a")), []byte("b")), tuples.KeyHash(seed, tuples.KeyHash(seed, 0, []byte("b")), []byte("a")))
}
