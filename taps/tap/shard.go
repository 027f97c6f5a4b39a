package tap

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// A Shard is one of Count runs that together read everything, from 0. Without --shard it is {0, 1}.
type Shard struct{ Index, Count int }

// Owns tells whether this run is the one that reads the unit (a file, a window) of that name. The answer depends on the name
// and the count alone, on every machine and in every version, as the shards of one table may be years apart.
func (s Shard) Owns(unit string) bool {
	if s.Count <= 1 {
		return true
	}
	hash := fnv.New64a()
	hash.Write([]byte(unit))
	// The low bits of FNV change little between names that differ in their last letter alone.
	sum := hash.Sum64()
	sum ^= sum >> 32
	return sum%uint64(s.Count) == uint64(s.Index)
}

// String is the form of --shard.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// UnmarshalText reads i/n.
func (s *Shard) UnmarshalText(text []byte) error {
	index, count, ok := strings.Cut(string(text), "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err1 != nil || err2 != nil || i < 0 || n < 1 || i >= n {
		return fmt.Errorf("expected i/n with i from 0 to n-1, such as 0/4")
	}
	s.Index, s.Count = i, n
	return nil
}
