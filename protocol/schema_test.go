package protocol_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

const (
	null, boolean, integer = protocol.Null, protocol.Boolean, protocol.Integer
	number, text           = protocol.Number, protocol.String
	object, array          = protocol.Object, protocol.Array
)

func TestParseSchema(t *testing.T) {
	t.Parallel()
	type s = protocol.Schema
	tests := []struct {
		name, schema string
		want         s
	}{
		{"any", `{}`, s{}},
		{"true", `true`, s{}},
		{"false", `false`, s{}},
		{"one type", `{"type":"integer"}`, s{Kinds: integer}},
		{"nullable", `{"type":["string","null"],"format":"date-time"}`, s{Kinds: text | null, Format: "date-time"}},
		{"all types", `{"type":["null","boolean","integer","number","string","object","array"]}`,
			s{Kinds: null | boolean | integer | number | text | object | array}},
		{"unknown type allows anything", `{"type":["string","datetime"]}`, s{}},
		{"OpenAPI nullable", `{"type":"string","nullable":true}`, s{Kinds: text | null}},
		{"facets", `{"type":"number","minimum":-9223372036854775808,"maximum":1e3,"multipleOf":0.01,"title":"T","description":"D"}`,
			s{Kinds: number, Minimum: "-9223372036854775808", Maximum: "1e3", MultipleOf: "0.01", Title: "T", Description: "D"}},
		{"exclusive bounds of draft 6", `{"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10}`, s{Kinds: integer, Minimum: "0", Maximum: "10"}},
		{"exclusive bounds of draft 4", `{"type":"integer","minimum":0,"exclusiveMinimum":true}`, s{Kinds: integer, Minimum: "0"}},
		{"length", `{"type":"string","maxLength":36}`, s{Kinds: text, MaxLength: 36}},
		{"length of a loose writer", `{"type":"string","maxLength":36.0}`, s{Kinds: text, MaxLength: 36}},
		{"decimal", `{"type":["null","string"],"format":"singer.decimal","precision":38,"scale":9}`,
			s{Kinds: text | null, Format: "singer.decimal", Precision: 38, Scale: 9}},
		{"decimal, other name", `{"type":"string","format":"x-singer.decimal"}`, s{Kinds: text, Format: "singer.decimal"}},
		{"encoded", `{"type":"string","contentEncoding":"base64","contentMediaType":"image/png"}`,
			s{Kinds: text, ContentEncoding: "base64", ContentMediaType: "image/png"}},
		{"SQL type", `{"type":"integer","x-sql-datatype":"smallint"}`, s{Kinds: integer, SQLDatatype: "smallint"}},
		{"const", `{"const":3}`, s{Kinds: integer}},
		{"enum", `{"enum":["a",null,1.5,true]}`, s{Kinds: text | null | number | boolean}},
		{"enum beside type", `{"type":"string","enum":["a",null]}`, s{Kinds: text}},

		{"anyOf date-time or null", `{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]}`, s{Kinds: text | null, Format: "date-time"}},
		{"anyOf date-time or string", `{"anyOf":[{"type":"string","format":"date-time"},{"type":["string","null"]}]}`, s{Kinds: text | null}},
		{"anyOf string, date-time, date-time", `{"anyOf":[{"type":"string"},{"type":"string","format":"date-time"},{"type":"string","format":"date-time"}]}`, s{Kinds: text}},
		{"anyOf date or date-time", `{"anyOf":[{"type":"string","format":"date"},{"type":"string","format":"date-time"}]}`, s{Kinds: text, Format: "date-time"}},
		{"oneOf integer or number", `{"oneOf":[{"type":"integer","minimum":0},{"type":"number"}]}`, s{Kinds: integer | number}},
		{"oneOf integer or string", `{"oneOf":[{"type":"integer","minimum":0},{"type":"string","maxLength":5}]}`,
			s{Kinds: integer | text, Minimum: "0", MaxLength: 5}},
		{"anyOf with anything", `{"anyOf":[{"type":"string","format":"date"},{}]}`, s{}},
		{"anyOf with nothing", `{"anyOf":[{"type":"string","format":"date"},false]}`, s{Kinds: text, Format: "date"}},
		{"anyOf beside type", `{"type":["null","string"],"anyOf":[{"format":"date-time"},{"format":"date"}]}`, s{Kinds: text | null, Format: "date-time"}},
		{"anyOf of nested anyOf", `{"anyOf":[{"anyOf":[{"type":"string"},{"type":"null"}]},{"type":"boolean"}]}`, s{Kinds: text | null | boolean}},
		{"title of the whole wins", `{"title":"mine","anyOf":[{"type":"string","title":"branch"},{"type":"null"}]}`, s{Kinds: text | null, Title: "mine"}},
		{"allOf narrows", `{"type":["null","number","string"],"allOf":[{"type":["number","string"]},{"type":"integer","maximum":9}]}`,
			s{Kinds: integer, Maximum: "9"}},
		{"allOf that contradicts", `{"allOf":[{"type":"string"},{"type":"integer"}]}`, s{}},

		{"objects", `{"type":"object","required":["b"],"additionalProperties":true,"properties":{"b":{"type":"string"},"a":{"type":"array","items":{"type":"integer"}}}}`,
			s{Kinds: object, Required: []string{"b"}, Additional: true, Properties: []protocol.Property{
				{Name: "b", Schema: s{Kinds: text}}, {Name: "a", Schema: s{Kinds: array, Items: &s{Kinds: integer}}}}}},
		{"tuple", `{"type":"array","items":[{"type":"string"}]}`, s{Kinds: array}},
		{"tuple of 2020-12", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, s{Kinds: array}},
		{"additional false", `{"type":"object","additionalProperties":false}`, s{Kinds: object}},
		{"additional schema", `{"type":"object","additionalProperties":{"type":"string"}}`, s{Kinds: object, Additional: true}},
		{"a property that may not be", `{"properties":{"a":false,"b":true}}`, s{Properties: []protocol.Property{{Name: "b"}}}},
		{"a property twice", `{"properties":{"a":{"type":"string"},"b":{},"a":{"type":"null"}}}`,
			s{Properties: []protocol.Property{{Name: "b"}, {Name: "a", Schema: s{Kinds: null}}}}},
		{"objects side by side", `{"anyOf":[
				{"type":"object","required":["x","y"],"properties":{"x":{"type":"string"},"y":{"type":"integer"}}},
				{"type":"object","required":["x"],"properties":{"z":{"type":"null"},"x":{"type":"null"}}}]}`,
			s{Kinds: object, Required: []string{"x"}, Properties: []protocol.Property{
				{Name: "x", Schema: s{Kinds: text | null}}, {Name: "y", Schema: s{Kinds: integer}}, {Name: "z", Schema: s{Kinds: null}}}}},
		{"allOf of objects", `{"allOf":[{"type":"object","required":["x"],"properties":{"x":{"type":"string"}}},{"required":["y"],"properties":{"y":{"type":"integer"}}}]}`,
			s{Kinds: object, Required: []string{"x", "y"}, Properties: []protocol.Property{
				{Name: "x", Schema: s{Kinds: text}}, {Name: "y", Schema: s{Kinds: integer}}}}},
		{"arrays side by side", `{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"array","items":{"type":"null"}}]}`,
			s{Kinds: array, Items: &s{Kinds: text | null}}},
		{"arrays, one of anything", `{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"array"}]}`, s{Kinds: array}},

		{"reference", `{"$ref":"#/definitions/id","definitions":{"id":{"type":"integer"}}}`, s{Kinds: integer}},
		{"reference with escapes", `{"$ref":"#/$defs/a~1b~0c%20d","$defs":{"a/b~c d":{"type":"integer"}}}`, s{Kinds: integer}},
		{"reference into a list", `{"$ref":"#/anyOf/1","$defs":{},"anyOf":[{},{"type":"string"}]}`, s{Kinds: text}},
		{"reference with siblings", `{"$ref":"#/$defs/a","description":"mine","$defs":{"a":{"type":"string","description":"theirs"}}}`,
			s{Kinds: text, Description: "mine"}},
		{"reference to an anchor", `{"$ref":"#id","$defs":{"x":{"$anchor":"id","type":"integer"}}}`, s{Kinds: integer}},
		{"reference elsewhere", `{"$ref":"https://example.com/schema.json"}`, s{}},
		{"Airbyte's well-known types", `{"properties":{"a":{"$ref":"WellKnownTypes.json#/definitions/Date"},"b":{"$ref":"https://x.org/WellKnownTypes.json#/definitions/Integer"},
			"c":{"$ref":"WellKnownTypes.json#/definitions/Unheard"}}}`,
			s{Properties: []protocol.Property{{Name: "a", Schema: s{Kinds: text, Format: "date"}}, {Name: "b", Schema: s{Kinds: text, AirbyteType: "integer"}}, {Name: "c"}}}},
		{"airbyte_type", `{"oneOf":[{"type":"null"},{"type":"string","airbyte_type":"big_integer"}]}`, s{Kinds: protocol.Null | text, AirbyteType: "big_integer"}},
		{"reference to itself", `{"$ref":"#"}`, s{}},
		{"reference in a circle", `{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}`, s{}},
		{"tree", `{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/n"}}},"$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}}}}}`,
			s{Kinds: object, Properties: []protocol.Property{{Name: "children", Schema: s{Kinds: array, Items: &s{Kinds: object,
				Properties: []protocol.Property{{Name: "n"}}}}}}}},
	}
	for _, test := range tests {
		got, err := protocol.ParseSchema([]byte(test.schema))
		require.NoError(t, err, test.name)
		require.Equal(t, &test.want, got, test.name)
	}
}

func TestParseSchemaErrors(t *testing.T) {
	t.Parallel()
	// Each level refers to the next one twice: 2^40 schemas.
	var bomb strings.Builder
	bomb.WriteString(`{"$ref":"#/$defs/00","$defs":{"40":{}`)
	for i := range 40 {
		next, _ := json.Marshal(map[string]any{"anyOf": []any{ref(i + 1), ref(i + 1)}})
		bomb.WriteString(`,"` + itoa(i) + `":` + string(next))
	}
	bomb.WriteString(`}}`)
	for schema, want := range map[string]string{
		``:                                    "unexpected EOF",
		`{"type":`:                            "unexpected EOF",
		`{} {}`:                               "text after the value",
		`{}}`:                                 "text after the value",
		`{"properties":{"a":{"$ref":"#/x"}}}`: `a: the reference "#/x" leads nowhere`,
		`{"$ref":"#x"}`:                       `the reference "#x" leads nowhere`,
		`{"$ref":"#/%zz"}`:                    `the reference "#/%zz" is malformed`,
		bomb.String():                         "its references unfold without end",
		strings.Repeat(`{"items":`, 2000) + `{}` + strings.Repeat(`}`, 2000): "it nests deeper than 1000 levels",
	} {
		_, err := protocol.ParseSchema([]byte(schema))
		require.EqualError(t, err, want, "%.40s", schema)
	}
}

func ref(i int) map[string]string { return map[string]string{"$ref": "#/$defs/" + itoa(i)} }

func itoa(i int) string { return string(rune('0'+i/10)) + string(rune('0'+i%10)) }

func TestBuildSchema(t *testing.T) {
	t.Parallel()
	got := protocol.BuildSchema(
		[]protocol.Member{{"id", []byte(`{"type":"integer"}`)}, {"a \"<b>\" é", []byte(`{"type":["null","string"]}`)}},
		protocol.Member{protocol.DispositionKeyword, []byte(`"replace"`)},
		protocol.Member{protocol.ReplaceScopeKeyword, []byte(`{"id":7}`)},
	)
	require.Equal(t, `{"type":"object","properties":{"id":{"type":"integer"},"a \"<b>\" é":{"type":["null","string"]}},"x-write-disposition":"replace","x-replace-scope":{"id":7}}`, string(got))
	require.Equal(t, `{"type":"object","properties":{}}`, string(protocol.BuildSchema(nil)))

	s, err := protocol.NewStream("orders", got, []string{"id", "id"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"id"}, s.KeyProperties)
	require.Equal(t, protocol.Replace, s.Disposition)
	require.Equal(t, []protocol.ScopeValue{{"id", []byte("7")}}, s.ReplaceScope)
	p, ok := s.Schema.Property(`a "<b>" é`)
	require.True(t, ok)
	require.Equal(t, text|null, p.Kinds)
}

func TestNewStream(t *testing.T) {
	t.Parallel()
	const columns = `"properties":{"client_id":{"type":"string"},"n":{"type":"null"}}`
	s, err := protocol.NewStream("a", []byte(`{`+columns+`,"x-replace-scope":{"client_id":"ac\"<me>","n":null},"x-write-disposition":null}`), nil, []string{"n"})
	require.NoError(t, err)
	require.Equal(t, []protocol.ScopeValue{{"client_id", []byte(`"ac\"<me>"`)}, {"n", []byte("null")}}, s.ReplaceScope)
	require.Empty(t, s.Disposition)

	for schema, want := range map[string]string{
		`[1`:                            `stream "a": the schema is no JSON: unexpected EOF; correct the SCHEMA that the tap sends`,
		`true`:                          `stream "a": the schema has no properties; correct the SCHEMA that the tap sends`,
		`{"type":"object"}`:             `stream "a": the schema has no properties; correct the SCHEMA that the tap sends`,
		`{"properties":[]}`:             `stream "a": the schema has no properties; correct the SCHEMA that the tap sends`,
		`{"properties":{},"$ref":"#x"}`: `stream "a": the schema cannot be read: the reference "#x" leads nowhere; correct the SCHEMA that the tap sends`,
		`{` + columns + `,"x-write-disposition":"upsert"}`:          `stream "a": the schema's x-write-disposition is unknown; it is append, merge or replace`,
		`{` + columns + `,"x-write-disposition":1}`:                 `stream "a": the schema's x-write-disposition is unknown; it is append, merge or replace`,
		`{` + columns + `,"x-replace-scope":"acme"}`:                `stream "a": the schema's x-replace-scope is no object; it is an object such as {"client_id":"acme"}`,
		`{` + columns + `,"x-replace-scope":{"client_id":["x"]}}`:   `stream "a": column "client_id" of the schema's x-replace-scope has no plain value; give one plain value for each column`,
		`{` + columns + `,"x-replace-scope":{"customer":"secret"}}`: `stream "a": the schema's x-replace-scope names "customer", which is no property; name a column of the stream`,
	} {
		_, err := protocol.NewStream("a", []byte(schema), nil, nil)
		require.EqualError(t, err, want)
		require.Equal(t, protocol.Data, protocol.KindOf(err))
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	stream := func(name, schema string, keys ...string) *protocol.Stream {
		s, err := protocol.NewStream(name, []byte(schema), keys, nil)
		require.NoError(t, err)
		return s
	}
	a := stream("a", `{"properties":{}}`, "id")
	require.True(t, a.Same(stream("a", `{"properties":{}}`, "id", "id")))
	for _, other := range []*protocol.Stream{stream("b", `{"properties":{}}`, "id"), stream("a", `{"properties":{"x":{}}}`, "id"), stream("a", `{"properties":{}}`)} {
		require.False(t, a.Same(other))
	}
}

// FuzzParseSchema: no schema makes it panic or run for long.
func FuzzParseSchema(f *testing.F) {
	f.Add([]byte(`{"anyOf":[{"type":"string","format":"date-time"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"allOf":[{"items":{"$ref":"#"}},true]}}}`))
	f.Add([]byte(`{"properties":{"a":{"type":["null","number"],"multipleOf":1e-9},"b":false},"required":["a",1]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := protocol.ParseSchema(raw)
		if (s == nil) == (err == nil) {
			t.Fatal(s, err)
		}
	})
}

// FuzzSchemaAllows: whatever a validator accepts has a place in what was read of the schema.
func FuzzSchemaAllows(f *testing.F) {
	for _, schema := range []string{
		`{"anyOf":[{"type":"string"},{"type":"object","properties":{"a":{"type":"integer"}}}]}`,
		`{"type":["array","null"],"items":{"$ref":"#/$defs/a"},"$defs":{"a":{"enum":[1,"x",null]}}}`,
		`{"allOf":[{"type":["number","string"]},{"properties":{"a":{"const":1.5}}}],"oneOf":[{"type":"integer"},{"required":["a"]}]}`,
		`{"properties":{"a":false,"b":true,"c":{"not":{"type":"null"}}},"items":{"prefixItems":[{"type":"string"}]}}`,
	} {
		for _, value := range []string{`{"a":1,"b":"x","c":[]}`, `["x",1,null]`, `1.0`, `null`, `{"a":1.5}`} {
			f.Add([]byte(schema), []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, schema, value []byte) {
		read, err := protocol.ParseSchema(schema)
		if err != nil {
			return
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
		if err != nil {
			return
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
		if err != nil {
			return
		}
		compiler := jsonschema.NewCompiler()
		compiler.UseLoader(jsonschema.SchemeURLLoader{})
		if compiler.AddResource("schema.json", document) != nil {
			return
		}
		validator, err := compiler.Compile("schema.json")
		if err != nil || validator.Validate(instance) != nil {
			return
		}
		if !allows(read, instance) {
			t.Fatalf("%s allows %s, what was read of it does not: %+v", schema, value, read)
		}
	})
}

// allows tells whether the kinds of a value, and of the items in it, are those of a schema.
func allows(s *protocol.Schema, value any) bool {
	kind := protocol.Null
	switch v := value.(type) {
	case bool:
		kind = protocol.Boolean
	case json.Number:
		kind = protocol.Number
		if n, ok := new(big.Rat).SetString(v.String()); ok && n.IsInt() {
			kind = protocol.Integer
		}
	case string:
		kind = protocol.String
	case []any:
		kind = protocol.Array
		for _, item := range v {
			if s.Items != nil && !allows(s.Items, item) {
				return false
			}
		}
	case map[string]any:
		kind = protocol.Object
	}
	return s.Kinds == 0 || s.Kinds.Has(kind) || kind == protocol.Integer && s.Kinds.Has(protocol.Number)
}
