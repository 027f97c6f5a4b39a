package protocol

// MessageType tells the messages apart. The zero value is none of them.
type MessageType uint8

// The messages that a target acts on. Everything else a wire handles itself (logs, traces) or ignores with one warning.
const (
	SchemaMessage MessageType = iota + 1
	RecordMessage
	StateMessage
	ActivateVersionMessage
	BatchMessage
	StatusMessage // Airbyte only
)

// A Message is one message of either protocol. A reader fills the same Message again and again: whatever in it is a
// byte slice is valid until the reader's next call.
type Message struct {
	Type   MessageType
	Stream string // as [Stream.Label] has it; empty in a StateMessage of the whole run
	Line   int64  // where it stood in the input, from 1; 0 when it was made here
	Bytes  int    // length of that line without its end

	Schema  *Stream // SchemaMessage
	Record  Record  // RecordMessage
	State   []byte  // StateMessage: the value, byte for byte
	Version int64   // ActivateVersionMessage
	Batch   *Batch  // BatchMessage

	// CountsAt is where in the State of an Airbyte message the counts of what was loaded go: State is the whole line without them.
	// It is 0 on the Singer wire, where nothing is added.
	CountsAt int
	Complete bool // StatusMessage: the source has read the whole stream
}

// A Record is one row: the raw JSON object and, when a reader made it, the spans of its members.
type Record struct {
	Raw           []byte
	Fields        []Field // in order of appearance; a name that comes twice is there twice, and the last counts
	TimeExtracted []byte  // RFC 3339 as sent, unquoted; empty when absent
	Version       int64   // meaningful when HasVersion
	HasVersion    bool
	EmittedAt     int64  // Airbyte: milliseconds since 1970; 0 when absent
	Changes       []byte // Airbyte: what was changed in the record on its way, a raw JSON array; empty when nothing was
}

// A Field is one member of a record, sliced from the line.
type Field struct {
	Name  []byte // without quotes and escapes
	Value []byte // raw JSON, without surrounding space
}

// A Batch is a message whose records sit in files.
type Batch struct {
	Format      string   // jsonl, parquet
	Compression string   // none, gzip, zstd
	Manifest    []string // URLs, file:// or s3://
	Version     int64
	HasVersion  bool
}
