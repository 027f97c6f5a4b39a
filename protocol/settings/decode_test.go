package settings

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestValues gives one setting in a config file and, where the form allows it, as text, and looks at what comes out.
func TestValues(t *testing.T) {
	t.Parallel()
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	yes, noon := true, day(2026, 1, 31).Add(12*time.Hour)
	midnight := day(2026, 1, 31)
	tests := []struct {
		field, key string
		json, text []string // spellings of one value
		want       any
	}{
		{"ClientID", "client_id", []string{`"007"`}, []string{"007"}, "007"},
		{"ClientID", "client_id", []string{`42`}, nil, "42"},
		{"ClientID", "client_id", []string{`" "`}, []string{" "}, " "},
		{"PageSize", "page_size", []string{`12`, `"12"`, `" 12 "`, `12.0`, `1.2e1`}, []string{"12", " 12"}, 12},
		{"PageSize", "page_size", []string{`null`, `""`}, nil, 100},
		{"Budget", "budget", []string{`9223372036854775807`, `"9223372036854775807"`}, nil, int64(1<<63 - 1)},
		{"Ratio", "ratio", []string{`0.25`, `"0.25"`, `25e-2`}, []string{"0.25"}, 0.25},
		{"Gzip", "gzip", []string{`false`, `"False"`, `"no"`}, []string{"0", "off", "FALSE"}, false},
		{"Strict", "strict", []string{`true`, `"on"`}, []string{"yes", "1"}, &yes},
		{"Strict", "strict", []string{`null`}, nil, (*bool)(nil)},
		{"Timeout", "request_timeout", []string{`90`, `"90"`, `"90s"`, `"1m30s"`, `9e1`}, []string{"90", "1.5m"}, 90 * time.Second},
		{"Timeout", "request_timeout", []string{`"2d"`}, []string{"48h"}, 48 * time.Hour},
		{"Timeout", "request_timeout", []string{`1.5`}, nil, 1500 * time.Millisecond},
		{"StartDate", "start_date", []string{`"2026-01-31"`, `"2026-01-31T00:00:00Z"`, `"2026-01-31T02:00:00+02:00"`}, []string{"2026-01-31 00:00:00"}, &midnight},
		{"StartDate", "start_date", []string{`"2026-01-31T12:00:00.000Z"`}, []string{"2026-01-31T12:00"}, &noon},
		{"StartDate", "start_date", []string{`""`, `null`}, nil, (*time.Time)(nil)},
		{"Until", "end_date", []string{`"2026-02-28"`}, []string{"2026-02-28"}, day(2026, 2, 28)},
		{"Mode", "mode", []string{`"fast"`}, []string{"fast"}, "fast"},
		{"Select", "select", []string{`["a","b"]`, `"a, b"`, `"[\"a\",\"b\"]"`}, []string{"a,b", `["a","b"]`, " a ,, b "}, []string{"a", "b"}},
		{"Headers", "headers", []string{`{"a":"1","b":"x=y"}`, `"a=1,b=x=y"`}, []string{"a=1,b=x=y", `{"a":"1","b":"x=y"}`}, map[string]string{"a": "1", "b": "x=y"}},
		{"Headers", "headers", []string{`{"a":1}`}, nil, map[string]string{"a": "1"}},
		{
			"Patterns", "patterns",
			[]string{`[{"name":"o"},{"name":"p","match":"prefix","max_age":"5m","columns":["x"]}]`},
			[]string{`[{"name":"o"},{"name":"p","match":"prefix","max_age":300,"columns":"x"}]`},
			[]pattern{{Name: "o", Match: "glob", MaxAge: time.Hour}, {Name: "p", Match: "prefix", MaxAge: 5 * time.Minute, Columns: []string{"x"}}},
		},
		{"DateFormat", "date_format", []string{`"Y-m-d"`}, []string{"Y-m-d"}, dateFormat{"*": "Y-m-d"}},
		{"DateFormat", "date_format", []string{`{"a":"Y"}`}, []string{`{"a":"Y"}`}, dateFormat{"a": "Y"}},
		{"Credentials", "credentials", []string{`{"a":1}`, `"{\"a\":1}"`}, []string{`{"a":1}`}, json.RawMessage(`{"a":1}`)},
	}
	for _, test := range tests {
		for _, spelled := range test.json {
			t.Run(test.key+" in a file "+spelled, func(t *testing.T) {
				t.Parallel()
				text := `{"` + test.key + `": ` + spelled + `}`
				got := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": text}, env: key}.do(t)
				require.NoError(t, got.err)
				require.Equal(t, test.want, reflect.ValueOf(got.config).FieldByName(test.field).Interface())
			})
		}
		for _, spelled := range test.text {
			t.Run(test.key+" as text "+spelled, func(t *testing.T) {
				t.Parallel()
				env := map[string]string{"TAP_DEMO_API_KEY": "k", "TAP_DEMO_" + strings.ToUpper(test.key): spelled}
				for _, r := range []run{{env: env}, {args: []string{"--" + flagName(test.key) + "=" + spelled}, env: key}} {
					got := r.do(t)
					require.NoError(t, got.err)
					require.Equal(t, test.want, reflect.ValueOf(got.config).FieldByName(test.field).Interface())
				}
			})
		}
	}
}

func TestRepeatedFlags(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"--select=a,b", "--select", "c", "--headers=x=1", "--headers", "y=2"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, []string{"a", "b", "c"}, got.config.Select)
	require.Equal(t, map[string]string{"x": "1", "y": "2"}, got.config.Headers)
}

// marker is in every value that is wrong or secret; no message may hold it.
const marker = "hunter2"

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  run
		want string
	}{
		{"unknown key", inFile(`{"pagesize": "hunter2"}`), `config file a.json: unknown key "pagesize"; did you mean "page_size"?`},
		{"unknown nested key", inFile(`{"ssh_tunnel": {"hots": "hunter2"}}`), `config file a.json: unknown key "ssh_tunnel.hots"; did you mean "ssh_tunnel.host"?`},
		{"unknown key, none near", inFile(`{"__airbyte_extra": "hunter2"}`), `config file a.json: unknown key "__airbyte_extra"; --help lists every setting`},
		{"a hidden key is not offered", inFile(`{"debug_wires": true}`), `config file a.json: unknown key "debug_wires"; --help lists every setting`},
		{"wrong case", inFile(`{"Page_Size": 1}`), `config file a.json: unknown key "Page_Size"; did you mean "page_size"?`},
		{"block is no object", inFile(`{"ssh_tunnel": "hunter2"}`), `config file a.json: ssh_tunnel: expected an object`},
		{"one setting twice", inFile(`{"dsn": "hunter2", "sqlalchemy_url": "other"}`), `config file a.json: keys "dsn" and "sqlalchemy_url" are the same setting; keep one of them`},
		{"no number", inFile(`{"page_size": "hunter2"}`), `config file a.json: page_size: expected a whole number`},
		{"a part of a number", inFile(`{"page_size": 1.5}`), `config file a.json: page_size: expected a whole number`},
		{"an object for a number", inFile(`{"page_size": {"a": "hunter2"}}`), `config file a.json: page_size: expected a whole number`},
		{"a switch for a number", inFile(`{"page_size": true}`), `config file a.json: page_size: expected a whole number`},
		{"a number for a switch", inFile(`{"gzip": 1}`), `config file a.json: gzip: expected true or false`},
		{"a list for text", inFile(`{"client_id": ["hunter2"]}`), `config file a.json: client_id: expected text`},
		{"a switch for text", inFile(`{"client_id": false}`), `config file a.json: client_id: expected text`},
		{"a list for a secret", inFile(`{"dsn": ["hunter2"]}`), `config file a.json: dsn: expected text`},
		{"text for a list", inFile(`{"patterns": "hunter2"}`), `config file a.json: patterns: expected a list`},
		{"a number for a list", inFile(`{"select": 5}`), `config file a.json: select: expected a list of texts`},
		{"an object for a list", inFile(`{"select": {"a": "hunter2"}}`), `config file a.json: select: expected a list of texts`},
		{"a list in a list", inFile(`{"select": [["hunter2"]]}`), `config file a.json: select[0]: expected text`},
		{"a list for pairs", inFile(`{"headers": ["hunter2"]}`), `config file a.json: headers: expected an object of texts`},
		{"no pairs", inFile(`{"headers": "hunter2"}`), `config file a.json: headers: expected name=value pairs, comma separated, or a JSON object`},
		{"an object in pairs", inFile(`{"headers": {"a": {"b": "hunter2"}}}`), `config file a.json: headers.a: expected text`},
		{"too small", inFile(`{"page_size": 0}`), `config file a.json: page_size: must be at least 1`},
		{"too large", inFile(`{"page_size": 1001}`), `config file a.json: page_size: must be at most 1000`},
		{"too large for its type", inFile(`{"budget": 9223372036854775808}`), `config file a.json: budget: expected a whole number`},
		{"too short", inFile(`{"request_timeout": "10ms"}`), `config file a.json: request_timeout: must be at least 1s`},
		{"no duration", inFile(`{"request_timeout": "hunter2"}`), `config file a.json: request_timeout: expected a duration: a number of seconds, or text such as 90s, 5m, 12h, 7d`},
		{"endless duration", inFile(`{"request_timeout": 1e300}`), `config file a.json: request_timeout: expected a duration: a number of seconds, or text such as 90s, 5m, 12h, 7d`},
		{"no date", inFile(`{"start_date": "hunter2"}`), `config file a.json: start_date: expected a date such as 2026-01-31 or an instant such as 2026-01-31T00:00:00Z`},
		{"a number for a date", inFile(`{"start_date": 20260131}`), `config file a.json: start_date: expected a date such as 2026-01-31 or an instant such as 2026-01-31T00:00:00Z`},
		{"an instant for a day", inFile(`{"end_date": "2026-01-31T00:00:00Z"}`), `config file a.json: end_date: expected a date such as 2026-01-31`},
		{"another word", inFile(`{"mode": "hunter2"}`), `config file a.json: mode: expected one of fast, exact`},
		{"nearly the word", inFile(`{"mode": "Exact"}`), `config file a.json: mode: expected one of fast, exact; did you mean "exact"?`},
		{"reads itself", inFile(`{"date_format": ["hunter2"]}`), `config file a.json: date_format: expected text, or an object with a text for each column`},
		{
			"inside a list", inFile(`{"patterns": [{"name": "a"}, {"nam": "hunter2", "match": "hunter2", "max_age": "hunter2"}]}`),
			`config file a.json: patterns[1]: key "name" is missing` + "\n" +
				`config file a.json: patterns[1].match: expected one of prefix, glob` + "\n" +
				`config file a.json: patterns[1].max_age: expected a duration: a number of seconds, or text such as 90s, 5m, 12h, 7d` + "\n" +
				`config file a.json: patterns[1]: unknown key "nam"; did you mean "name"?`,
		},
		{"text in the environment", run{env: map[string]string{"TAP_DEMO_API_KEY": "k", "TAP_DEMO_PAGE_SIZE": "hunter2"}}, `environment TAP_DEMO_PAGE_SIZE: page_size: expected a whole number`},
		{"no JSON in the environment", run{env: map[string]string{"TAP_DEMO_API_KEY": "k", "TAP_DEMO_PATTERNS": "[hunter2"}}, `environment TAP_DEMO_PATTERNS: patterns: expected JSON`},
		{"text in a flag", run{args: []string{"--gzip=hunter2"}, env: key}, `flag --gzip: gzip: expected true or false`},
		{"required", run{}, `api_key is required: give --api-key, set TAP_DEMO_API_KEY (or DEMO_KEY, DEMO_TOKEN), or put "api_key" in a config file`},
		{
			"required, and empty", run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": `{"api_key": ""}`}},
			`api_key is required: give --api-key, set TAP_DEMO_API_KEY (or DEMO_KEY, DEMO_TOKEN), or put "api_key" in a config file`,
		},
		{"no file", run{args: []string{"-c", "none.json"}, env: key}, `config file none.json: no such file or directory`},
		{"an empty file", inFile(" \n"), `config file a.json: it is empty; expected a JSON object`},
		{"no object", inFile(`["hunter2"]`), `config file a.json: expected a JSON object`},
		{"null", inFile(`null`), `config file a.json: expected a JSON object`},
		{"no JSON", inFile("{\n  \"api_key\": hunter2\n}"), `config file a.json: not valid JSON at line 2, column 14`},
		{"cut JSON", inFile(`{"api_key": "hunter2`), `config file a.json: not valid JSON at line 1, column 20`},
		{
			"all at once", run{
				args: []string{"-c", "a.json", "-c", "b.json", "--ratio=hunter2"}, env: map[string]string{"TAP_DEMO_GZIP": "hunter2"},
				files: map[string]string{"a.json": `{"mod": "hunter2"}`, "b.json": `{"page_size": [], "dsn": {"p": "hunter2"}}`},
			},
			`config file a.json: unknown key "mod"; did you mean "mode"?
api_key is required: give --api-key, set TAP_DEMO_API_KEY (or DEMO_KEY, DEMO_TOKEN), or put "api_key" in a config file
config file b.json: dsn: expected text
config file b.json: page_size: expected a whole number
flag --ratio: ratio: expected a number
environment TAP_DEMO_GZIP: gzip: expected true or false`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.run.do(t)
			got.requireFault(t, test.want)
			require.NotContains(t, got.err.Error(), marker)
			require.Empty(t, got.out)
		})
	}
}

func inFile(text string) run {
	return run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": text}, env: key}
}

// size reads itself from text.
type size int

func (s *size) UnmarshalText(text []byte) error {
	if string(text) != "large" && string(text) != "9" && string(text) != "{large" {
		return errors.New("expected large")
	}
	*s = 9
	return nil
}

// limits is an element of a setting that is an object.
type limits struct {
	Rows uint8 `json:"rows" help:"Rows."`
}

type oddConfig struct {
	Size     size              `json:"size" help:"A text that reads itself."`
	Secret   *dateFormat       `json:"secret" secret:"" help:"A secret that reads itself."`
	Limits   map[string]limits `json:"limits" help:"Limits of each stream."`
	Any      any               `json:"any" help:"Whatever."`
	Required []string          `json:"required" required:"" help:"A list that must not be empty."`
}

func TestOddKinds(t *testing.T) {
	t.Parallel()
	parse := func(text string) (oddConfig, *Settings, error) {
		dir := t.TempDir()
		write(t, dir, "a.json", text)
		write(t, dir, ".env", "")
		var c oddConfig
		s, err := Parse(demo([]string{"-c", "a.json"}, nil, dir, nil), &struct{}{}, &c)
		return c, s, err
	}
	got, s, err := parse(`{"size": "large", "secret": {"a": "b"}, "limits": {"orders": {"rows": "255"}}, "any": {"x": [1]}, "required": "a"}`)
	require.NoError(t, err)
	require.Equal(t, oddConfig{
		Size: 9, Secret: &dateFormat{"a": "b"}, Limits: map[string]limits{"orders": {Rows: 255}}, Any: map[string]any{"x": []any{1.0}},
		Required: []string{"a"},
	}, got)
	require.Equal(t, []string{`{"a": "b"}`}, s.Secrets())

	got, s, err = parse(`{"size": 9, "secret": "hunter2", "required": ["a"]}`)
	require.NoError(t, err)
	require.Equal(t, oddConfig{Size: 9, Secret: &dateFormat{"*": "hunter2"}, Required: []string{"a"}}, got)
	require.Equal(t, []string{"hunter2"}, s.Secrets())

	_, _, err = parse(`{"size": ["large"], "secret": ["hunter2"], "limits": {"orders": {"rows": 256}, "refunds": {"row": 1}, "x": 5}, "required": []}`)
	result{err: err}.requireFault(t, `config file a.json: size: expected text
config file a.json: secret: not understood
config file a.json: limits.orders.rows: the number is out of range
config file a.json: limits.refunds: unknown key "row"; did you mean "rows"?
config file a.json: limits.x: expected an object
required is required: give --required, set TAP_DEMO_REQUIRED, or put "required" in a config file`)
	_, _, err = parse(`{"size": "small", "required": ["a"]}`)
	result{err: err}.requireFault(t, "config file a.json: size: expected large")

	var c oddConfig
	_, err = Parse(demo([]string{"--size={large", "--required=a"}, nil, t.TempDir(), nil), &struct{}{}, &c)
	require.NoError(t, err, "text that only looks like JSON")
	require.Equal(t, size(9), c.Size)

	settings, err := tableOf(&oddConfig{})
	require.NoError(t, err)
	text, err := json.Marshal(settings.schema())
	require.NoError(t, err)
	require.JSONEq(t, `{"type": "object", "required": ["required"], "properties": {
		"size": {"type": "string", "title": "Size", "description": "A text that reads itself."},
		"secret": {"oneOf": [{"type": "string"}, {"type": "object"}], "title": "Secret", "description": "A secret that reads itself.", "secret": true},
		"limits": {"type": "object", "title": "Limits", "description": "Limits of each stream.", "additionalProperties": {
			"type": "object", "properties": {"rows": {"type": "integer", "title": "Rows", "description": "Rows."}}}},
		"any": {"title": "Any", "description": "Whatever."},
		"required": {"type": "array", "items": {"type": "string"}, "title": "Required", "description": "A list that must not be empty."}
	}}`, string(text))
}
