package airbyte

import "encoding/json"

// A Payload is what a message carries: one of [Specification], [ConnectionStatus], [Catalog], [State], [Trace], [Log].
type Payload interface {
	kind() (messageType, key string)
}

// Version is what a SPEC says of the protocol. The platform refuses a connector whose version is outside of the range that it knows.
const Version = "0.2.0"

// A Specification is SPEC: what the configuration looks like, as JSON Schema.
type Specification struct {
	DocumentationURL        string                `json:"documentationUrl,omitempty"`
	ConnectionSpecification json.RawMessage       `json:"connectionSpecification"`
	SupportsIncremental     bool                  `json:"supportsIncremental,omitempty"` // of a destination
	DestinationSyncModes    []DestinationSyncMode `json:"supported_destination_sync_modes,omitempty"`
	ProtocolVersion         string                `json:"protocol_version"`
}

// A ConnectionStatus is CONNECTION_STATUS: whether the configuration works.
type ConnectionStatus struct {
	Status  Status `json:"status"`
	Message string `json:"message,omitempty"` // for the user, of a failure
}

// A Status is the word of a ConnectionStatus.
type Status string

// The statuses of a connection.
const (
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
)

// A Catalog is CATALOG: what a source has.
type Catalog struct {
	Streams []Stream `json:"streams"`
}

// A State is STATE, of one stream: the only type that a source here sends.
type State struct {
	Type        StateType    `json:"type"`
	Stream      *StreamState `json:"stream,omitempty"`
	SourceStats *Stats       `json:"sourceStats,omitempty"`
}

// A StateType is whose state it is.
type StateType string

// StreamStateType is the type of a state of one stream.
const StreamStateType StateType = "STREAM"

// A StreamState is the state of one stream. Its value is the stream's bookmark, as on the Singer wire.
type StreamState struct {
	Descriptor StreamDescriptor `json:"stream_descriptor"`
	State      json.RawMessage  `json:"stream_state,omitempty"`
}

// Stats count the records that a state covers since the one before it.
type Stats struct {
	RecordCount int64 `json:"recordCount"`
}

// A Trace is TRACE, with one of the pointers set.
type Trace struct {
	Type         TraceType     `json:"type"`
	EmittedAt    int64         `json:"emitted_at"` // Unix milliseconds
	Error        *TraceError   `json:"error,omitempty"`
	StreamStatus *StreamStatus `json:"stream_status,omitempty"`
}

// A TraceType tells the traces apart.
type TraceType string

// StreamStatusTrace is the type of a trace with the status of a stream. Those of errors are written by package logs.
const StreamStatusTrace TraceType = "STREAM_STATUS"

// A TraceError says why a connector failed.
type TraceError struct {
	Message     string            `json:"message"`      // for the user
	FailureType string            `json:"failure_type"` // system_error, config_error, transient_error; see protocol.Kind
	Stream      *StreamDescriptor `json:"stream_descriptor,omitempty"`
}

// A StreamStatus says how far a stream is.
type StreamStatus struct {
	Stream  StreamDescriptor `json:"stream_descriptor"`
	Status  StreamPhase      `json:"status"`
	Reasons []StatusReason   `json:"reasons,omitempty"` // one at most, and only of Running
}

// A StreamPhase is the word of a StreamStatus.
type StreamPhase string

// The phases of a stream, in their order; Complete and Incomplete are the last one.
const (
	Started    StreamPhase = "STARTED"
	Running    StreamPhase = "RUNNING"
	Complete   StreamPhase = "COMPLETE"
	Incomplete StreamPhase = "INCOMPLETE"
)

// A StatusReason says why a running stream does not move. Type is RATE_LIMITED.
type StatusReason struct {
	Type        string       `json:"type"`
	RateLimited *RateLimited `json:"rate_limited,omitempty"`
}

// RateLimited says until when, in Unix milliseconds.
type RateLimited struct {
	QuotaReset int64 `json:"quota_reset"`
}

// A Log is LOG. Level is FATAL, ERROR, WARN, INFO, DEBUG or TRACE.
type Log struct {
	Level   string `json:"level"`
	Message string `json:"message"`
}

func (*Specification) kind() (messageType, key string) { return "SPEC", "spec" }
func (*ConnectionStatus) kind() (messageType, key string) {
	return "CONNECTION_STATUS", "connectionStatus"
}
func (*Catalog) kind() (messageType, key string) { return "CATALOG", "catalog" }
func (*State) kind() (messageType, key string)   { return "STATE", "state" }
func (*Trace) kind() (messageType, key string)   { return "TRACE", "trace" }
func (*Log) kind() (messageType, key string)     { return "LOG", "log" }
