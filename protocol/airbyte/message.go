package airbyte

import "encoding/json"

// A Payload is what a message carries: one of [Specification], [ConnectionStatus], [Catalog], [State], [Trace], [Control], [Log].
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

// A State is STATE.
type State struct {
	Type             StateType    `json:"type"`
	Stream           *StreamState `json:"stream,omitempty"`
	Global           *GlobalState `json:"global,omitempty"`
	SourceStats      *Stats       `json:"sourceStats,omitempty"`
	DestinationStats *Stats       `json:"destinationStats,omitempty"`
}

// A StateType is whose state it is.
type StateType string

// The types of state. A state without any is a legacy one.
const (
	StreamStateType StateType = "STREAM"
	GlobalStateType StateType = "GLOBAL"
	LegacyStateType StateType = "LEGACY"
)

// A StreamState is the state of one stream. Its value is the stream's bookmark, as on the Singer wire.
type StreamState struct {
	Descriptor StreamDescriptor `json:"stream_descriptor"`
	State      json.RawMessage  `json:"stream_state,omitempty"`
}

// A GlobalState is the state of all streams at once.
type GlobalState struct {
	Shared  json.RawMessage `json:"shared_state,omitempty"`
	Streams []StreamState   `json:"stream_states"`
}

// Stats count the records that a state covers since the one before it. A source does not say the second one.
type Stats struct {
	RecordCount         int64  `json:"recordCount"`
	RejectedRecordCount *int64 `json:"rejectedRecordCount,omitempty"`
}

// A Trace is TRACE, with one of the pointers set.
type Trace struct {
	Type         TraceType     `json:"type"`
	EmittedAt    int64         `json:"emitted_at"` // Unix milliseconds
	Error        *TraceError   `json:"error,omitempty"`
	Estimate     *Estimate     `json:"estimate,omitempty"`
	StreamStatus *StreamStatus `json:"stream_status,omitempty"`
}

// A TraceType tells the traces apart.
type TraceType string

// The types of traces.
const (
	ErrorTrace        TraceType = "ERROR"
	EstimateTrace     TraceType = "ESTIMATE"
	StreamStatusTrace TraceType = "STREAM_STATUS"
)

// A TraceError is one failure.
type TraceError struct {
	Message         string            `json:"message"` // for the user
	InternalMessage string            `json:"internal_message,omitempty"`
	FailureType     string            `json:"failure_type"` // system_error, config_error, transient_error; see protocol.Kind
	Stream          *StreamDescriptor `json:"stream_descriptor,omitempty"`
}

// An Estimate says how much is to come.
type Estimate struct {
	Name         string `json:"name"`
	Namespace    string `json:"namespace,omitempty"`
	Type         string `json:"type"` // STREAM or SYNC
	RowEstimate  int64  `json:"row_estimate,omitempty"`
	ByteEstimate int64  `json:"byte_estimate,omitempty"`
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

// A Control is CONTROL: the connector has changed its configuration, and gives the whole new one. It is sent before the new
// configuration is used, since a token that rotates is lost otherwise.
type Control struct {
	Type            string          `json:"type"` // CONNECTOR_CONFIG
	EmittedAt       int64           `json:"emitted_at"`
	ConnectorConfig ConnectorConfig `json:"connectorConfig"`
}

// A ConnectorConfig is a configuration inside a Control.
type ConnectorConfig struct {
	Config json.RawMessage `json:"config"`
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
func (*Control) kind() (messageType, key string) { return "CONTROL", "control" }
func (*Log) kind() (messageType, key string)     { return "LOG", "log" }
