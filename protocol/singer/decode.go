package singer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// envelope is the members of a line that messages are made of, as raw values; nil when absent.
type envelope struct {
	kind, stream, record, timeExtracted, version, value []byte
	schema, keys, bookmarks                             []byte
	encoding, manifest                                  []byte
	fields                                              []protocol.Field
}

// member takes one member of the line. It is called by the scanner.
func (r *Reader) member(name []byte, pos int) (end int, err error) {
	e := &r.envelope
	var into *[]byte
	switch string(name) {
	case "record":
		if pos < len(r.line) && r.line[pos] == '{' {
			if e.fields, end, err = r.inner.Members(r.line, pos); err == nil {
				e.record = r.line[pos:end:end]
			}
			return end, err
		}
		into = &e.record
	case "type":
		into = &e.kind
	case "stream":
		into = &e.stream
	case "time_extracted":
		into = &e.timeExtracted
	case "version":
		into = &e.version
	case "value":
		into = &e.value
	case "schema":
		into = &e.schema
	case "key_properties":
		into = &e.keys
	case "bookmark_properties":
		into = &e.bookmarks
	case "encoding":
		into = &e.encoding
	case "manifest":
		into = &e.manifest
	}
	if end, err = rawjson.SkipValue(r.line, pos); err == nil && into != nil {
		*into = r.line[pos:end:end]
	}
	return end, err
}

// decode makes a message of a line, or nothing of one that is to be ignored.
func (r *Reader) decode(line []byte, valid bool) (*protocol.Message, error) {
	r.line, r.envelope = line, envelope{}
	end, err := r.outer.Object(line, rawjson.SkipSpace(line, 0), r.visit)
	if err == nil {
		if end = rawjson.SkipSpace(line, end); end < len(line) {
			err = &rawjson.SyntaxError{Offset: end, Reason: "text after the message"}
		}
	}
	if err != nil {
		return nil, protocol.DataFault("the program that writes sent what is no Singer message; see its log",
			"line %d: invalid JSON: %w", r.lines.Number, err)
	}
	e := &r.envelope
	kind, err := r.messageType(e.kind)
	if err != nil || kind == 0 {
		return nil, err
	}
	m := &r.message
	*m = protocol.Message{Type: kind, Line: r.lines.Number, Bytes: len(line)}
	var of *known
	if kind != protocol.StateMessage {
		if of, err = r.streamOf(e.stream); err != nil {
			return nil, err
		}
		m.Stream = of.name
	}
	invalid := 0
	if !valid && !utf8.Valid(line) {
		invalid = lines.FirstInvalid(line)
		if kind != protocol.RecordMessage {
			return nil, r.fault(of, "write UTF-8", "invalid UTF-8 at byte %d", invalid)
		}
	}
	switch kind {
	case protocol.RecordMessage:
		err = r.record(m, of)
	case protocol.SchemaMessage:
		m.Schema, err = r.schema(of)
	case protocol.StateMessage:
		if m.State = e.value; m.State == nil {
			err = r.fault(nil, conform, "the STATE has no value")
		}
	case protocol.ActivateVersionMessage:
		var has bool
		if m.Version, has, err = r.version(of); err == nil && !has {
			err = r.fault(of, conform, "the ACTIVATE_VERSION has no version")
		}
	case protocol.BatchMessage:
		m.Batch, err = r.batch(of)
	}
	if err != nil {
		return nil, err
	}
	if invalid > 0 {
		return m, &protocol.RecordError{
			Line: r.lines.Number, Stream: m.Stream, Reason: fmt.Sprintf("invalid UTF-8 at byte %d of the line", invalid), Raw: e.record,
		}
	}
	return m, nil
}

const conform = "the tap must keep to the Singer protocol"

// fault is a Data fault of this line.
func (r *Reader) fault(of *known, hint, format string, args ...any) error {
	f := protocol.DataFault(hint, "line %d: "+format, append([]any{r.lines.Number}, args...)...)
	if of != nil {
		f.Stream = of.name
	}
	return f
}

var messageTypes = [...]struct {
	raw  string
	kind protocol.MessageType
}{
	{`"RECORD"`, protocol.RecordMessage},
	{`"STATE"`, protocol.StateMessage},
	{`"SCHEMA"`, protocol.SchemaMessage},
	{`"ACTIVATE_VERSION"`, protocol.ActivateVersionMessage},
	{`"BATCH"`, protocol.BatchMessage},
}

// messageType reads the type, in any case. It is 0 for one that is ignored.
func (r *Reader) messageType(raw []byte) (protocol.MessageType, error) {
	for i := range messageTypes {
		if string(raw) == messageTypes[i].raw {
			return messageTypes[i].kind, nil
		}
	}
	if rawjson.KindOf(raw) != rawjson.String {
		return 0, r.fault(nil, conform, "the message has no type")
	}
	text, _ := rawjson.AppendUnquoted(nil, raw)
	for i := range messageTypes {
		if strings.EqualFold(string(text), strings.Trim(messageTypes[i].raw, `"`)) {
			return messageTypes[i].kind, nil
		}
	}
	name := string(text[:min(len(text), 64)])
	if !r.unknown[name] && len(r.unknown) < 100 {
		r.unknown[name] = true
		r.warn("", "messages of an unknown type are ignored", "type", name)
	}
	return 0, nil
}

// streamOf finds what is known of the stream with a raw name. Nothing is allocated for a name that was seen.
func (r *Reader) streamOf(raw []byte) (*known, error) {
	if r.latest != nil && string(raw) == r.latest.raw {
		return r.latest, nil
	}
	if k, ok := r.byRaw[string(raw)]; ok {
		r.latest = k
		return k, nil
	}
	if rawjson.KindOf(raw) != rawjson.String || len(raw) == len(`""`) {
		return nil, r.fault(nil, conform, "the message has no stream")
	}
	text, _ := rawjson.AppendUnquoted(nil, raw)
	k, ok := r.byName[string(text)]
	if !ok {
		k = &known{raw: string(raw), name: string(text)}
		r.byName[k.name] = k
	}
	r.byRaw[string(raw)] = k
	return k, nil
}

func (r *Reader) record(m *protocol.Message, of *known) (err error) {
	e := &r.envelope
	if of.stream == nil {
		return r.fault(of, conform, "a RECORD comes before the SCHEMA of its stream")
	}
	if rawjson.KindOf(e.record) != rawjson.Object {
		return r.fault(of, conform, "the record is no object")
	}
	m.Record.Raw, m.Record.Fields = e.record, e.fields
	m.Record.TimeExtracted = r.time(e.timeExtracted)
	m.Record.Version, m.Record.HasVersion, err = r.version(of)
	return err
}

// time gives the text of time_extracted, nothing for what is no string.
func (r *Reader) time(raw []byte) []byte {
	if text, ok := rawjson.Plain(raw); ok {
		return text
	}
	r.text, _ = rawjson.AppendUnquoted(r.text[:0], raw)
	return r.text
}

func (r *Reader) version(of *known) (version int64, has bool, err error) {
	raw := r.envelope.version
	if len(raw) == 0 || raw[0] == 'n' {
		return 0, false, nil
	}
	version, err = strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, false, r.fault(of, conform, "the version is no integer")
	}
	return version, true, nil
}

// schema reads a SCHEMA. One that says the same as that before it gives the same stream.
func (r *Reader) schema(of *known) (*protocol.Stream, error) {
	e := &r.envelope
	keys, ok := stringList(e.keys)
	if !ok {
		return nil, r.fault(of, conform, "key_properties is no list of names")
	}
	bookmarks, ok := stringList(e.bookmarks)
	if !ok {
		return nil, r.fault(of, conform, "bookmark_properties is no list of names")
	}
	if e.schema == nil {
		return nil, r.fault(of, conform, "the SCHEMA has no schema")
	}
	if old := of.stream; old != nil && slices.Equal(keys, old.KeyProperties) && slices.Equal(bookmarks, old.BookmarkProperties) &&
		rawjson.Equal(e.schema, old.Raw) {
		return old, nil
	}
	stream, err := protocol.NewStream(of.name, e.schema, keys, bookmarks)
	var f *protocol.Fault
	if errors.As(err, &f) {
		return nil, &protocol.Fault{Kind: f.Kind, Stream: f.Stream, Hint: f.Hint, Err: fmt.Errorf("line %d: %w", r.lines.Number, f.Err)}
	}
	if err != nil {
		return nil, err
	}
	of.stream = stream
	if (e.keys == nil || e.keys[0] == 'n') && !of.keyless {
		of.keyless = true
		r.warn(of.name, "the SCHEMA has no key_properties: the stream has no key")
	}
	return stream, nil
}

// stringList reads a list of names. Null and nothing are empty lists; a name that comes twice is there once.
func stringList(raw []byte) ([]string, bool) {
	if raw == nil {
		return nil, true
	}
	var items []*string
	if json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	var names []string
	for _, item := range items {
		if item == nil {
			return nil, false
		}
		if !slices.Contains(names, *item) {
			names = append(names, *item)
		}
	}
	return names, true
}

func (r *Reader) batch(of *known) (*protocol.Batch, error) {
	e := &r.envelope
	if of.stream == nil {
		return nil, r.fault(of, conform, "a BATCH comes before the SCHEMA of its stream")
	}
	var encoding struct{ Format, Compression string }
	if e.encoding == nil || json.Unmarshal(e.encoding, &encoding) != nil || encoding.Format == "" {
		return nil, r.fault(of, conform, "the BATCH has no encoding with a format")
	}
	if encoding.Compression == "" {
		encoding.Compression = "none"
	}
	manifest, ok := stringList(e.manifest)
	if !ok {
		return nil, r.fault(of, conform, "the manifest of the BATCH is no list of URLs")
	}
	version, has, err := r.version(of)
	return &protocol.Batch{
		Format:      strings.ToLower(encoding.Format),
		Compression: strings.ToLower(encoding.Compression),
		Manifest:    manifest,
		Version:     version,
		HasVersion:  has,
	}, err
}
