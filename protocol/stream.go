package protocol

// A Disposition is what a target does with a stream's rows.
type Disposition string

const (
	// Append adds rows. With a key, a row whose key is there already is left as it is.
	Append Disposition = "append"
	// Merge inserts or updates by key.
	Merge Disposition = "merge"
	// Replace puts the new set of rows in the place of the old one, all at once.
	Replace Disposition = "replace"
)

// Keywords that a stream's JSON Schema carries at its root, for targets that know them. Others ignore unknown keywords.
const (
	DispositionKeyword  = "x-write-disposition" // a Disposition
	ReplaceScopeKeyword = "x-replace-scope"     // {"client_id":"acme"}: whose rows a replace removes
)

// A Stream is what a SCHEMA message, or a configured catalog, says of a stream.
type Stream struct {
	Name               string
	Namespace          string
	Raw                []byte  // the JSON Schema as it was sent, owned by the Stream
	Schema             *Schema // the same, read
	KeyProperties      []string
	BookmarkProperties []string    // the cursor: at most one is meaningful to a target
	Disposition        Disposition // empty when the schema does not say
	ReplaceScope       []ScopeValue
}

// A ScopeValue is one column of a replace scope and the raw JSON value it must have.
type ScopeValue struct {
	Column string
	Value  []byte
}

// NewStream reads a stream's JSON Schema and the keywords at its root. Its errors are Data faults that name the stream.
func NewStream(name string, schema []byte, keys, bookmarks []string) (*Stream, error) {
	return &Stream{Name: name}, nil
}

// Same tells whether two streams say the same of their rows: name, schema (whatever its spelling), keys and bookmarks.
func (s *Stream) Same(other *Stream) bool { return false }
