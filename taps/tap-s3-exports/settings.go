package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
)

// Config is what tap-s3-exports can be told.
type Config struct {
	tap.Settings
	Bucket          string        `json:"bucket" required:"" env:"S3_BUCKET_NAME,S3_BUCKET" help:"Bucket that the exports are pushed to."`
	Prefix          string        `json:"prefix" env:"S3_PREFIX" help:"Only keys that begin with this are listed." example:"sticky/"`
	Pattern         string        `json:"pattern" env:"S3_PATTERN" help:"Glob below the prefix: * within a folder, ** across folders; without a slash it is matched with the file's name. Default: every .csv and .tsv, packed or not." example:"**/*orders*.csv*"`
	Streams         []StreamEntry `json:"streams" help:"Streams by key pattern, tried in order: [{\"name\": …, \"prefix\": …, \"pattern\": …}]; each may have its own reading settings, key_properties and disposition."`
	Presets         []string      `json:"presets" help:"Ready-made streams, told apart by file name and header: sticky_orders, sticky_prospects." example:"sticky_orders,sticky_prospects"`
	FileDatePattern string        `json:"file_date_pattern" help:"Where the day stands in a key that has neither YYYY-MM-DD nor YYYYMMDD: strptime letters, or a regular expression with groups year, month, day." example:"%d.%m.%Y"`
	OnRewrite       string        `json:"on_rewrite" enum:"reemit,ignore,fail" default:"reemit" help:"What to do with a file that changed after it was read."`
	Lookback        time.Duration `json:"lookback" default:"168h" min:"24h" help:"How far behind the newest finished file a late one is still noticed."`
	MaxBadRows      *int          `json:"max_bad_rows" min:"0" help:"A file with more rejected rows than this is broken: the run ends with exit 3 and reads it again next time. Default: no limit."`
	MaxBadRatio     *float64      `json:"max_bad_ratio" min:"0" max:"1" help:"Likewise for the share of a file's rows that is rejected, judged at its end." example:"0.01"`
	SkipArchived    bool          `json:"skip_archived" help:"Leave archived objects (Glacier) for later runs without failing this one."`
	Reading

	EndpointURL     string        `json:"endpoint_url" alias:"base_url" env:"AWS_ENDPOINT_URL_S3,AWS_ENDPOINT_URL" help:"Address of an S3-compatible server." example:"http://localhost:7070" group:"S3"`
	Region          string        `json:"region" env:"AWS_REGION,AWS_DEFAULT_REGION" help:"Region of the bucket; a wrong one is corrected by itself." group:"S3"`
	PathStyle       *bool         `json:"path_style" help:"Put the bucket into the path rather than the host name. Default: when endpoint_url is given." group:"S3"`
	AccessKeyID     string        `json:"aws_access_key_id" env:"AWS_ACCESS_KEY_ID" help:"Without keys: the AWS chain of profile, web identity, container and instance roles." group:"S3"`
	SecretAccessKey string        `json:"aws_secret_access_key" secret:"" env:"AWS_SECRET_ACCESS_KEY" help:"Secret of the access key." group:"S3"`
	SessionToken    string        `json:"aws_session_token" secret:"" env:"AWS_SESSION_TOKEN" help:"Token of temporary keys." group:"S3"`
	Profile         string        `json:"aws_profile" airbyte:"-" help:"Profile of the shared AWS configuration; keys are then not used." group:"S3"`
	RoleARN         string        `json:"role_arn" help:"Role to assume with those credentials." group:"S3"`
	ExternalID      string        `json:"external_id" secret:"" help:"External id that the role asks for." group:"S3"`
	Anonymous       bool          `json:"anonymous" help:"Send unsigned requests, for a public bucket." group:"S3"`
	RequesterPays   bool          `json:"requester_pays" help:"Accept the charges of a requester-pays bucket." group:"S3"`
	UserAgent       string        `json:"user_agent" help:"Added to the User-Agent header." group:"S3"`
	RequestTimeout  time.Duration `json:"request_timeout" default:"60s" min:"1s" help:"Longest wait without a byte." group:"S3"`
	MaxRetries      int           `json:"max_retries" default:"9" min:"0" help:"How often a failed request is sent again." group:"S3"`
}

// Reading says how files are read. It stands at top level as the default of all streams, and in an entry of streams for that one.
type Reading struct {
	Delimiter           string            `json:"delimiter" help:"Default: found out among comma, semicolon, tab and pipe." group:"Reading"`
	Encoding            string            `json:"encoding" help:"auto, utf-8, utf-16, utf-16le, utf-16be, iso-8859-1 or windows-1252. Default: auto." group:"Reading"`
	QuoteChar           string            `json:"quote_char" help:"Default: \". none: no quoting." group:"Reading"`
	EscapeChar          string            `json:"escape_char" help:"Default: a doubled quote. none: no escape." group:"Reading"`
	SkipLines           int               `json:"skip_lines" min:"0" max:"10000" help:"Lines above the header that are passed over, such as a title." group:"Reading"`
	SkipFooterLines     int               `json:"skip_footer_lines" min:"0" max:"10000" help:"Lines at a file's end that are no rows, such as totals; blank ones do not count." group:"Reading"`
	Header              string            `json:"header" enum:"line,none" help:"line (the default): a line names the columns. none: the first line is a row, and columns are header_names, or column_1 and so on." group:"Reading"`
	HeaderNames         []string          `json:"header_names" help:"Names of the columns of files without a header." example:"id,email,created_at" group:"Reading"`
	NullValues          []string          `json:"null_values" help:"Unquoted texts that mean null, beside the empty one." example:"NULL,\\N" group:"Reading"`
	QuotedEmptyIsString *bool             `json:"quoted_empty_is_string" help:"\"\" is an empty text rather than null." group:"Reading"`
	MaxRecordBytes      int               `json:"max_record_bytes" min:"1024" help:"Longest record; a longer one is rejected. Default: 16 MiB." group:"Reading"`
	Types               string            `json:"types" enum:"infer,text" help:"infer (the default) finds types from a sample, text leaves every column as text." group:"Reading"`
	DateFormat          DateFormat        `json:"date_format" help:"strptime letters, for all columns or as an object of column and format." example:"%m/%d/%Y" group:"Reading"`
	Timezone            string            `json:"timezone" help:"Zone of times without an offset. Without it such times stay text, and those read by date_format are UTC." example:"America/New_York" group:"Reading"`
	RequiredColumns     []string          `json:"required_columns" help:"A file that lacks one of these is broken." group:"Reading"`
	Schema              SchemaSetting     `json:"schema" help:"JSON Schema of the rows: a path, the schema itself, or an object of stream and either." group:"Reading"`
	Validate            string            `json:"validate" enum:"off,reject,fail" help:"What to do with a row that breaks the schema: off (the default) widens the column, reject sends the row to _rejected_rows, fail stops the file." group:"Reading"`
	ColumnNames         string            `json:"column_names" enum:"as_is,snake_case" help:"as_is (the default) keeps the header's names, snake_case makes SQL names of them." group:"Reading"`
	ColumnMap           map[string]string `json:"column_map" help:"New names of single columns." group:"Reading"`
}

// A StreamEntry is one element of the setting streams.
type StreamEntry struct {
	Name          string   `json:"name"`
	Prefix        string   `json:"prefix"`
	Pattern       string   `json:"pattern"`
	KeyProperties []string `json:"key_properties"` // default: _file_name, _row_id
	Disposition   string   `json:"disposition"`    // append (default) or merge
	Reading
}

// A DateFormat is one layout for all columns, or one for each column named.
type DateFormat struct {
	all     string
	columns map[string]string
}

// UnmarshalJSON reads a text or an object of texts.
func (d *DateFormat) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &d.all); err == nil {
		return nil
	}
	d.all = ""
	if err := json.Unmarshal(raw, &d.columns); err != nil {
		return fmt.Errorf("neither a format nor an object of column and format")
	}
	return nil
}

// A SchemaSetting is a path, a JSON Schema, or one of the two for each stream.
type SchemaSetting struct {
	path     string
	inline   json.RawMessage
	byStream map[string]SchemaSetting
}

// UnmarshalJSON tells the three apart: an object with a keyword of JSON Schema is a schema.
func (s *SchemaSetting) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &s.path); err == nil {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("neither a path nor a JSON Schema nor an object of streams")
	}
	for _, keyword := range []string{"properties", "type", "$schema", "required"} {
		if _, ok := members[keyword]; ok {
			s.inline = slices.Clone(raw)
			return nil
		}
	}
	return json.Unmarshal(raw, &s.byStream)
}

// read gives the schema's text for a stream, nil when there is none.
func (s SchemaSetting) read(stream string) ([]byte, error) {
	switch {
	case s.inline != nil:
		return s.inline, nil
	case s.path != "":
		return os.ReadFile(s.path)
	case s.byStream != nil:
		return s.byStream[stream].read(stream)
	}
	return nil, nil
}

// over gives r with what is missing in it taken from defaults.
func (r Reading) over(defaults Reading) Reading {
	r.Delimiter = cmp.Or(r.Delimiter, defaults.Delimiter)
	r.Encoding = cmp.Or(r.Encoding, defaults.Encoding)
	r.QuoteChar = cmp.Or(r.QuoteChar, defaults.QuoteChar)
	r.EscapeChar = cmp.Or(r.EscapeChar, defaults.EscapeChar)
	r.SkipLines = cmp.Or(r.SkipLines, defaults.SkipLines)
	r.SkipFooterLines = cmp.Or(r.SkipFooterLines, defaults.SkipFooterLines)
	if r.Header == "" && r.HeaderNames == nil {
		r.Header, r.HeaderNames = defaults.Header, defaults.HeaderNames
	}
	if r.NullValues == nil {
		r.NullValues = defaults.NullValues
	}
	r.QuotedEmptyIsString = cmp.Or(r.QuotedEmptyIsString, defaults.QuotedEmptyIsString)
	r.MaxRecordBytes = cmp.Or(r.MaxRecordBytes, defaults.MaxRecordBytes)
	r.Types = cmp.Or(r.Types, defaults.Types)
	if r.DateFormat.all == "" && r.DateFormat.columns == nil {
		r.DateFormat = defaults.DateFormat
	}
	r.Timezone = cmp.Or(r.Timezone, defaults.Timezone)
	if r.RequiredColumns == nil {
		r.RequiredColumns = defaults.RequiredColumns
	}
	if r.Schema.path == "" && r.Schema.inline == nil && r.Schema.byStream == nil {
		r.Schema = defaults.Schema
	}
	r.Validate = cmp.Or(r.Validate, defaults.Validate)
	r.ColumnNames = cmp.Or(r.ColumnNames, defaults.ColumnNames)
	if r.ColumnMap == nil {
		r.ColumnMap = defaults.ColumnMap
	}
	return r
}

// objectSettings are those of the client.
func (c *Config) objectSettings() objects.Settings {
	s := objects.Settings{
		Bucket: c.Bucket, Region: c.Region, EndpointURL: c.EndpointURL, PathStyle: c.PathStyle,
		RoleARN: c.RoleARN, ExternalID: c.ExternalID, Profile: c.Profile,
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Anonymous: c.Anonymous, RequesterPays: c.RequesterPays,
		MaxRetries: c.MaxRetries, RequestTimeout: c.RequestTimeout, UserAgent: c.UserAgent,
	}
	if c.Profile != "" {
		s.AccessKeyID, s.SecretAccessKey, s.SessionToken = "", "", ""
	}
	if c.MaxRetries == 0 {
		s.MaxRetries = -1
	}
	return s
}

// defaultStream is what all files belong to when no streams and no presets are given.
const defaultStream = "daily_exports"

// streams resolves the settings into streams, in the order in which they are tried. It reports every problem at once.
func (c *Config) streams() ([]*stream, error) {
	var problems []string
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	entries := c.Streams
	for _, name := range c.Presets {
		if _, ok := presets[name]; !ok {
			report("presets: %q is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
			continue
		}
		entries = append(entries, StreamEntry{Name: name})
	}
	if len(entries) == 0 {
		entries = []StreamEntry{{Name: defaultStream}}
	}
	dater, err := newFileDater(c.FileDatePattern)
	if err != nil {
		report("file_date_pattern: %v", err)
	}
	var streams []*stream
	names := map[string]bool{rejectedRows: true}
	for i, e := range entries {
		where := func(format string, args ...any) {
			report("streams[%d]: "+format, append([]any{i}, args...)...)
		}
		if e.Name == "" {
			where("name is missing")
			continue
		}
		if names[e.Name] {
			where("the name %q is taken", e.Name)
		}
		names[e.Name] = true
		s := c.stream(e, where)
		s.dater = dater
		streams = append(streams, s)
	}
	if len(problems) > 0 {
		return nil, protocol.ConfigFault("see tap-s3-exports --help", "%s", strings.Join(problems, "\n"))
	}
	return streams, nil
}

// stream resolves one entry.
func (c *Config) stream(e StreamEntry, report func(format string, args ...any)) *stream {
	s := &stream{name: e.Name, prefix: cmp.Or(e.Prefix, c.Prefix), pattern: cmp.Or(e.Pattern, c.Pattern), key: e.KeyProperties,
		disposition: cmp.Or(protocol.Disposition(e.Disposition), protocol.Append)}
	if slices.Contains(c.Presets, e.Name) {
		s.preset = presets[e.Name]
	}
	if s.pattern != "" && !doublestar.ValidatePattern(s.pattern) {
		report("pattern %q is not a glob", s.pattern)
	}
	if s.disposition != protocol.Append && s.disposition != protocol.Merge {
		report("disposition must be append or merge")
	}
	if s.ordered = len(s.key) > 0; !s.ordered {
		s.key = []string{fileNameColumn, rowIDColumn}
	}
	if err := s.setReading(e.Reading.over(c.Reading)); err != nil {
		report("%v", err)
	}
	return s
}

// setReading checks the reading settings and takes them over.
func (s *stream) setReading(r Reading) error {
	var problems []string
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	s.format = csv.Format{Delimiter: r.Delimiter, Encoding: r.Encoding, Quote: r.QuoteChar, Escape: r.EscapeChar, MaxRecordBytes: r.MaxRecordBytes,
		SkipLines: r.SkipLines, FooterLines: r.SkipFooterLines}
	if err := s.format.Validate(); err != nil {
		report("%v", err)
	}
	s.nullValues = slices.DeleteFunc(slices.Clone(r.NullValues), func(v string) bool { return v == "" })
	s.quotedEmptyIsString = r.QuotedEmptyIsString != nil && *r.QuotedEmptyIsString
	s.required = r.RequiredColumns
	s.columnMap = r.ColumnMap
	s.snakeCase = r.ColumnNames == "snake_case" || s.preset != nil && r.ColumnNames == ""
	s.asText = r.Types == "text"
	s.validate = r.Validate
	oneOf := func(key, value string, words ...string) {
		if value != "" && !slices.Contains(words, value) {
			report("%s must be one of %s", key, strings.Join(words, ", "))
		}
	}
	oneOf("types", r.Types, "infer", "text")
	oneOf("validate", r.Validate, "off", "reject", "fail")
	oneOf("column_names", r.ColumnNames, "as_is", "snake_case")
	oneOf("header", r.Header, "line", "none")
	if r.Header == "line" && r.HeaderNames != nil {
		report("header_names are for files without a header: set header to none")
	}
	s.headless, s.headerNames = r.Header == "none" || r.HeaderNames != nil, r.HeaderNames

	s.setDates(r, report)
	text, err := r.Schema.read(s.name)
	if err != nil {
		report("schema: %v", err)
	} else if text != nil {
		if s.schema, err = parseRowSchema(text); err != nil {
			report("schema: %v", err)
		}
	}
	if s.schema == nil && (r.Validate == "reject" || r.Validate == "fail") {
		report("validate: %s needs a schema", r.Validate)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return nil
}

// setDates takes over how dates are written.
func (s *stream) setDates(r Reading, report func(format string, args ...any)) {
	if r.Timezone != "" {
		zone, err := time.LoadLocation(r.Timezone)
		if err != nil {
			report("timezone %q is not known; use a name such as America/New_York", r.Timezone)
		}
		s.zone = zone
	}
	s.isoDates = isoDates(s.zone)
	format := func(layout string) *dateFormat {
		f, err := parseDateFormat(layout, s.zone)
		if err != nil {
			report("%v", err)
		}
		return f
	}
	s.stickyDates = format(stickyDate)
	if r.DateFormat.all != "" {
		s.dateFormat = format(r.DateFormat.all)
	}
	s.dateFormats = map[string]*dateFormat{}
	for name, layout := range r.DateFormat.columns {
		s.dateFormats[name] = format(layout)
	}
}
