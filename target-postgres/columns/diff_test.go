package columns

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stream reads a schema and its key.
func stream(t *testing.T, schema string, key ...string) *protocol.Stream {
	t.Helper()
	s, err := protocol.ParseSchema([]byte(schema))
	require.NoError(t, err)
	return &protocol.Stream{Name: "orders", Schema: s, KeyProperties: key}
}

// table reads columns written as the catalogs have them: name, type, and words among key, notnull, default, pinned, linked, readonly.
func table(t *testing.T, lines ...string) []Column {
	t.Helper()
	var out []Column
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		typ, words, _ := strings.Cut(rest, ";")
		c := Column{Name: Ident(name), Type: ParseType(typ)}
		for _, word := range strings.Fields(words) {
			switch word {
			case "key":
				c.Key, c.NotNull = true, true
			case "notnull":
				c.NotNull = true
			case "default":
				c.Default = true
			case "pinned":
				c.Pinned = true
			case "linked":
				c.Linked = true
			case "readonly":
				c.ReadOnly = true
			default:
				t.Fatalf("what is %s?", word)
			}
		}
		out = append(out, c)
	}
	return out
}

// describe writes a plan as a person would read it.
func describe(p Plan) string {
	var b strings.Builder
	write := func(title string, changes []Change) {
		for _, c := range changes {
			note := ""
			if c.Rewrites {
				note = " -- rewrites the table"
			}
			for i, statement := range c.SQL(Table{Schema: "public", Name: "orders"}) {
				if i > 0 {
					note = ""
				}
				fmt.Fprintf(&b, "%s%s;%s\n", title, statement, note)
			}
		}
	}
	write("", p.Changes)
	write("-- breach: ", p.Breaches)
	write("-- conflict: ", p.Conflicts)
	if p.Full {
		b.WriteString("-- the table is full\n")
	}
	if p.KeyDiffers {
		b.WriteString("-- the key differs\n")
	}
	for _, place := range p.Places {
		where := "nowhere"
		if place.Column.Name != "" {
			where = place.Column.Name.String() + " " + place.Column.Type.String()
		}
		if place.Column.NotNull {
			where += " not null"
		}
		if place.Extra {
			where = "_extra"
		}
		misfit := map[Contract]string{DiscardRow: ", or the row is discarded", DiscardValue: ", or the value is discarded", Freeze: ", frozen"}[place.Misfit]
		fmt.Fprintf(&b, "-- %s %s → %s%s\n", place.Want.Name, place.Want.Type, where, misfit)
	}
	return b.String()
}

func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(t.Name()+".sql"))
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(bytes.TrimSpace(want)), strings.TrimSpace(got))
}

const orders = `{"type":"object","required":["id","status"],"description":"ignored here","properties":{
	"client_id":{"type":"string"},
	"id":{"type":"integer","description":"The order's number; it's \\ unique."},
	"status":{"type":"string"},
	"total":{"type":["null","string"],"format":"singer.decimal"},
	"created at":{"type":["null","string"],"format":"date-time","title":"Created"},
	"lines":{"type":["null","array"]},
	"xmin":{"type":["null","integer"],"description":"Smallest x."},
	"_sdc_deleted_at":{"type":["null","string"],"format":"date-time"},
	"_sdc_sequence":{"type":"integer"},
	"id":{"type":"integer","description":"The order's number; it's \\ unique."}
}}`

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		key      []string
		options  Options
		keyLater bool
	}{
		{"all", []string{"client_id", "id"}, Options{Metadata: AllMetadata, Extra: true}, false},
		{"without_metadata", nil, Options{}, false},
		{"version_metadata", []string{"id"}, Options{Metadata: VersionMetadata}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := FromStream(stream(t, orders, test.key...), test.options)
			target := Table{Schema: "public", Name: "orders"}
			statements := append(new(Physical).Create(target, want, "Orders of a shop's clients.", test.keyLater), AddKey(target, key(want)))
			golden(t, strings.Join(statements, ";\n")+"\n")
		})
	}
}

func TestFromStream(t *testing.T) {
	t.Parallel()
	want := FromStream(stream(t, orders, "id"), Options{Metadata: AllMetadata, Extra: true})
	byName := map[Ident]Column{}
	for _, c := range want {
		byName[c.Name] = c
	}
	require.Len(t, byName, len(want))
	require.True(t, byName["id"].Key)
	require.True(t, byName["status"].NotNull, "it is required and takes no null")
	require.False(t, byName["client_id"].NotNull, "it is not required")
	require.Equal(t, "xmin", byName["xmin_"].Property)
	require.Equal(t, Column{Name: "_sdc_deleted_at", Type: Type{Kind: Timestamptz}, Source: DeletedAt, Property: "_sdc_deleted_at",
		Comment: byName["_sdc_deleted_at"].Comment}, byName["_sdc_deleted_at"])
	require.Empty(t, byName["_sdc_sequence"].Property)
	require.Equal(t, Extra, want[len(want)-1].Source)

	for _, c := range FromStream(stream(t, orders, "id"), Options{}) {
		require.Equal(t, Property, c.Source)
		require.False(t, AllMetadata.Names(c.Property))
	}
}

// A diffCase is a table and a stream.
type diffCase struct {
	name    string
	have    []string
	schema  string
	key     []string
	options DiffOptions
	with    Options
}

// everywhere is one word for new columns and types.
func everywhere(word Contract) DiffOptions {
	words := map[string]Contract{"*": word}
	return DiffOptions{Contracts: Contracts{Columns: words, Types: words}}
}

func diffCases() []diffCase {
	const schema = `{"properties":{"id":{"type":"integer"},"total":{"type":["null","number"]},"note":{"type":["null","string"]},
		"at":{"type":["null","string"],"format":"date-time"},"tags":{"type":["null","array"]}}}`
	fitting := []string{"id bigint;key", "total numeric", "note text", "at timestamptz", "tags jsonb"}
	long := strings.Repeat("l", 62)
	cases := []diffCase{
		{name: "nothing", have: fitting},
		{name: "wider_tables_are_left", have: []string{"id numeric;key", "total text", "note jsonb", "at timestamp without time zone", "tags json"}},
		{name: "new_columns", have: []string{"id bigint;key", "note text"}, with: Options{Metadata: AllMetadata, Extra: true}},
		{name: "widen", have: []string{"id integer;key", "total bigint", "note character varying(20)", "at date", "tags jsonb"}},
		{name: "widen_numbers", have: []string{"id smallint;key", "total real", "note character(3)", "at timestamptz", "tags jsonb"}},
		{name: "widen_precision", have: []string{"id bigint;key", "total numeric(10,2)", "note timestamptz", "at text", "tags jsonb"}},
		{name: "variants", have: []string{"id bigint;key", "total boolean", "note bytea", "at time without time zone", "tags text"}},
		{name: "variants_that_are_there", have: []string{
			"id bigint;key", "total boolean", "total__numeric numeric", "note integer", "note__text text", "at timestamptz", "tags text", "tags__jsonb jsonb",
		}},
		{name: "variant_name_is_taken", schema: `{"properties":{"v":{"type":"boolean"},"v__boolean":{"type":"integer"},"w":{"type":"boolean"}}}`,
			have: []string{"v bigint", "v__boolean bigint", "w bigint", "w__boolean macaddr"}, key: []string{}},
		{name: "variant_of_a_long_name", schema: `{"properties":{"` + long + `":{"type":"boolean"}}}`, have: []string{long + " bigint"}, key: []string{}},
		{name: "pinned", have: []string{"id bigint;key", "total integer;pinned", "note boolean;readonly", "at date;pinned", "tags jsonb"}},
		{name: "linked", have: []string{"id integer;key linked", "total integer;linked", "note bigint;linked", "at date;linked", "tags jsonb"}},
		{name: "linked_key", schema: `{"properties":{"id":{"type":"string"}}}`, have: []string{"id bigint;key linked"}},
		{name: "arrays_of_other_targets", schema: `{"properties":{"lines":{"type":"array","items":{"type":"object"}},"any":{"type":["null","array"]},"either":{"type":["array","object"]}}}`,
			have: []string{"lines jsonb[]", "any jsonb[]", "either jsonb[]"}, key: []string{}},
		{name: "words_by_column", schema: `{"properties":{"id":{"type":"integer"},"a":{"type":"string"},"b":{"type":"string"},"new1":{"type":"string"},"new2":{"type":"string"}}}`,
			have: []string{"id bigint;key", "a bigint", "b bigint"}, options: DiffOptions{Contracts: Contracts{
				Columns: map[string]Contract{"new1": Evolve, "*": DiscardRow}, Types: map[string]Contract{"a": DiscardValue, "*": Freeze}}}},
		{name: "no_room", have: []string{"id bigint;key", "total boolean"}, options: DiffOptions{Used: MaxColumns - 2}},
		{name: "no_room_for_our_own", have: []string{"id bigint;key"}, options: DiffOptions{Used: MaxColumns - 1}, with: Options{Metadata: VersionMetadata}},
		{name: "unknown_types", have: []string{"id bigint;key", "total money", "note macaddr", "at tstzrange", "tags text[]"}},
		{name: "arrays_and_addresses", with: Options{Types: closest}, schema: `{"properties":{"new":{"type":"array","items":{"type":"integer"}},"ip":{"type":"string","format":"ipv4"},
			"wider":{"type":"array","items":{"type":"number"}},"other":{"type":"array","items":{"type":"string"}},"floats":{"type":"array","items":{"type":"number"}}}}`,
			have: []string{"wider bigint[]", "other bigint[]", "floats real[]"}, key: []string{}},
		{name: "closer_types_are_used", schema: `{"properties":{"tags":{"type":"array","items":{"type":"string"}},"ip":{"type":"string","format":"ipv6"},
			"file":{"type":"string","contentEncoding":"base64"},"mixed":{"type":"array"},"ns":{"type":"array","items":{"type":"integer"}}}}`,
			have: []string{"tags text[]", "ip inet", "file bytea", "mixed text[]", "ns integer[]"}, key: []string{}},
		{name: "not_null", have: []string{
			"id bigint;key", "total numeric;notnull", "note varchar(3);notnull", "at timestamptz", "tags jsonb",
			"gone text;notnull", "filled text;notnull default", "serial bigint;notnull readonly",
		}},
		{name: "not_null_that_the_schema_promises", schema: `{"required":["a","b"],"properties":{"a":{"type":"string"},"b":{"type":["null","string"]}}}`,
			have: []string{"a text;notnull", "b text;notnull"}, key: []string{}},
		{name: "key_to_text", schema: `{"properties":{"id":{"type":"integer"}}}`, have: []string{"id uuid;key"}},
		{name: "key_to_jsonb", schema: `{"properties":{"id":{}}}`, have: []string{"id bigint;key"}},
		{name: "key_is_pinned", schema: `{"properties":{"id":{"type":"string"}}}`, have: []string{"id bigint;key pinned"}},
		{name: "key_differs", have: []string{"id bigint", "total numeric", "note text;key", "at timestamptz", "tags jsonb"}},
		{name: "freeze", have: []string{"id bigint;key", "total integer", "note text;notnull", "at time"}, options: everywhere(Freeze),
			with: Options{Metadata: VersionMetadata}},
		{name: "discard_row", have: []string{"id bigint;key", "total integer", "note macaddr", "at time"}, options: everywhere(DiscardRow)},
		{name: "discard_value", have: []string{"id bigint;key", "total integer", "note macaddr", "at time"}, options: everywhere(DiscardValue)},
	}
	for i := range cases {
		if cases[i].schema == "" {
			cases[i].schema = schema
		}
		if cases[i].key == nil {
			cases[i].key = []string{"id"}
		}
	}
	return cases
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, test := range diffCases() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := FromStream(stream(t, test.schema, test.key...), test.with)
			have := table(t, test.have...)
			plan := Diff(have, want, test.options)
			require.Len(t, plan.Places, len(want))
			golden(t, describe(plan))

			if len(plan.Breaches)+len(plan.Conflicts) == 0 && !plan.KeyDiffers && !plan.Full {
				after := applied(have, plan)
				options := test.options
				options.Used += len(after) - len(have)
				again := Diff(after, want, options)
				require.Empty(t, again.Changes, "the second run finds nothing to do")
				for i, p := range again.Places {
					require.Equal(t, plan.Places[i].Column.Name, p.Column.Name, "values keep their column")
				}
			}
		})
	}
}

// applied is what the catalogs describe after a plan's changes.
func applied(have []Column, p Plan) []Column {
	out := append([]Column{}, have...)
	for _, c := range p.Changes {
		found := false
		for i := range out {
			if out[i].Name == c.Column.Name {
				out[i], found = c.Column, true
			}
		}
		if !found {
			out = append(out, c.Column)
		}
	}
	return out
}
