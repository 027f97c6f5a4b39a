package load

// A keySet remembers the keys of rows, while their table has no index that does. It never misses a key that came before; one in
// a hundred million times it takes a new key for one.
//
// The first keys are kept as hashes of 64 bits. Beyond those, a table of fixed size holds 32 bits of each, in the place that
// the other 32 call for, so that a million keys take 5 MB.
type keySet struct {
	few  map[uint64]struct{}
	tags []uint32 // 0 where there is none
	n    int
}

const fewKeys = 1 << 14

func newKeySet() *keySet {
	return &keySet{few: map[uint64]struct{}{}}
}

// add tells whether the key is new, and takes it up.
func (k *keySet) add(hash uint64) bool {
	if k.tags != nil {
		return k.tag(hash)
	}
	if _, ok := k.few[hash]; ok {
		return false
	}
	k.few[hash] = struct{}{}
	return true
}

// full tells whether there is room for another key. Beyond few keys there is some only with a table of that many bytes.
func (k *keySet) full(table int) bool {
	if k.tags == nil && len(k.few) < fewKeys {
		return false
	}
	if k.tags == nil {
		if table < 8*fewKeys {
			return true
		}
		k.tags = make([]uint32, table/4)
		for hash := range k.few {
			k.tag(hash)
		}
		k.few = nil
	}
	return k.n >= len(k.tags)/8*7
}

func (k *keySet) tag(hash uint64) bool {
	tag := uint32(hash) | 1<<31 // never 0
	for i := int(hash >> 32 * uint64(len(k.tags)) >> 32); ; i++ {
		if i == len(k.tags) {
			i = 0
		}
		switch k.tags[i] {
		case tag:
			return false
		case 0:
			k.tags[i] = tag
			k.n++
			return true
		}
	}
}
