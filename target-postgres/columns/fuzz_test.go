package columns

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// fuzzedTable reads a table from lines of `name type`; a ! before the name is a key, a ~ a column that a view uses. Names come once,
// as PostgreSQL has them.
func fuzzedTable(text string) []Column {
	var out []Column
	seen := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		name, typ, _ := strings.Cut(line, " ")
		key := strings.HasPrefix(name, "!")
		pinned := strings.HasPrefix(name, "~")
		name = fitted(printable(strings.TrimLeft(name, "!~")))
		if !seen[name] {
			seen[name] = true
			out = append(out, Column{Name: Ident(name), Type: ParseType(typ), Key: key, NotNull: key, Pinned: pinned})
		}
	}
	return out
}

// Whatever the schema, the table and the settings: names are such as PostgreSQL keeps, no two properties share a column, every
// value has a place that takes it or a contract that says why not, and a second run finds nothing to do.
func FuzzDiff(f *testing.F) {
	for i, c := range diffCases() {
		f.Add([]byte(c.schema), strings.Join(c.key, ","), strings.ReplaceAll(strings.ReplaceAll(strings.Join(c.have, "\n"), ";key", ""), ";pinned", ""), uint16(i*37))
	}
	long := strings.Repeat("é", 40)
	f.Add([]byte(`{"properties":{"`+long+`1":{"type":"boolean"},"`+long+`2":{"type":"array","items":{"type":"integer"}},"ctid":{},"":{},"_extra":{},"ID":{},"id":{}}}`),
		"ID", "!ID smallint\n~"+long+" bigint\n_extra text\na bigint[]", uint16(0xffff))
	f.Fuzz(func(t *testing.T, schema []byte, key, have string, settings uint16) {
		parsed, err := protocol.ParseSchema(schema)
		if err != nil || len(parsed.Properties) > 50 || len(have) > 5000 {
			return
		}
		bit := func(n int) bool { return settings>>n&1 == 1 }
		options := Options{Extra: bit(0), Types: Types{Bytes: bit(1), Arrays: bit(2), Addresses: bit(3)}}
		if bit(4) {
			options.Case = LowerCase
		}
		if bit(5) {
			options.Metadata = AllMetadata
		}
		diff := everywhere(Contract(settings >> 6 & 3))
		if bit(8) {
			diff.Used = MaxColumns - int(settings>>9)
		}
		want := FromStream(&protocol.Stream{Name: "s", Schema: parsed, KeyProperties: strings.Split(key, ",")}, options)
		seen := map[Ident]bool{}
		for _, c := range want {
			require.False(t, seen[c.Name], "%s is there twice", c.Name)
			seen[c.Name] = true
			requireName(t, c.Name)
		}

		table := fuzzedTable(have)
		plan := Diff(table, want, diff)
		require.Len(t, plan.Places, len(want))
		used := map[Ident]bool{}
		for _, p := range plan.Places {
			if p.Column.Name == "" {
				require.True(t, p.Extra || p.Misfit != Evolve || len(plan.Conflicts)+len(plan.Breaches) > 0, "%s has no place", p.Want.Name)
				continue
			}
			require.False(t, used[p.Column.Name], "%s is the place of two", p.Column.Name)
			used[p.Column.Name] = true
			requireName(t, p.Column.Name)
			require.True(t, p.Misfit != Evolve || fits(&p.Column, &p.Want), "%s %s in %s", p.Want.Name, p.Want.Type, p.Column.Type)
		}
		for _, c := range plan.Changes {
			require.NotEmpty(t, c.SQL(Table{Name: "t"}))
			require.NotEmpty(t, c.String())
		}
		if len(plan.Breaches)+len(plan.Conflicts) > 0 || plan.KeyDiffers || plan.Full {
			return
		}
		after := applied(table, plan)
		diff.Used += len(after) - len(table)
		again := Diff(after, want, diff)
		require.Empty(t, again.Changes)
		for i := range again.Places {
			require.Equal(t, plan.Places[i].Column.Name, again.Places[i].Column.Name, "a value moved")
		}
	})
}

func requireName(t *testing.T, name Ident) {
	t.Helper()
	text, err := json.Marshal(string(name))
	require.NoError(t, err)
	require.True(t, name != "" && len(name) <= MaxName && utf8.ValidString(string(name)) && !strings.Contains(string(name), "\x00"), "%s", text)
}

// safeType is every spelling of a type that may become a part of a statement.
var safeType = regexp.MustCompile(`^[a-z]+( precision)?(\(-?[0-9]+(,-?[0-9]+)?\))?(\[\])?$`)

// FuzzParseType takes from a text that a tap chose nothing but words and numbers.
func FuzzParseType(f *testing.F) {
	for _, text := range []string{"numeric(10,2)", "character varying(20)[]", "double precision", "text); DROP TABLE x; --", "numeric(1,2)) x", "char(+5)", "TIMESTAMP(3) WITH TIME ZONE", "varchar(0x10)", "a[][]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		chosen := TypeOf(&protocol.Schema{SQLDatatype: text}, Types{})
		require.Regexp(t, safeType, chosen.String())
		require.Equal(t, chosen.String(), ParseType(chosen.String()).String())
	})
}

// FuzzNames gives every property of a stream a column of its own that PostgreSQL takes.
func FuzzNames(f *testing.F) {
	f.Add("a", "A", "ctid", true)
	f.Add(strings.Repeat("é", 40), strings.Repeat("é", 41), "\x00", false)
	f.Fuzz(func(t *testing.T, a, b, c string, lower bool) {
		if a == b || b == c || a == c {
			return
		}
		of := KeepCase
		if lower {
			of = LowerCase
		}
		names := columnNames([]string{a, b, c}, of, AllMetadata.reserves)
		require.Len(t, map[Ident]bool{names[0]: true, names[1]: true, names[2]: true}, 3)
		for _, name := range append(names, TableName(a, of)) {
			require.True(t, name != "" && len(name) <= MaxName && utf8.ValidString(string(name)) && !strings.Contains(string(name), "\x00"), "%q", name)
			require.NotContains(t, strings.ReplaceAll(name.String()[1:len(name.String())-1], `""`, ""), `"`)
		}
		for _, own := range []Ident{"_signalroom_state", "_signalroom_loads", "_signalroom_rejects", "_signalroom_schemas"} {
			require.NotEqual(t, own, TableName(a, of))
		}
	})
}

// FuzzPhysical reads any setting of how a table is stored, and renders statements from it.
func FuzzPhysical(f *testing.F) {
	f.Add([]byte(`{"indexes":[["a\"; --"],{"columns":["a"],"unique":true,"method":"gin\"; --","include":["b"]}],"fillfactor":70,"unlogged":true,"tablespace":"x\""}`))
	f.Add([]byte(`{"partition_by":{"range":"a","interval":"week","start":"0001-01-01","ahead":1000}}`))
	f.Add([]byte(`{"partition_by":{"hash":"a","partitions":5000}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Physical
		if json.Unmarshal(text, &p) != nil {
			return
		}
		columns := []Column{{Name: "a", Type: Type{Kind: Timestamptz}}, {Name: "b", Type: Type{Kind: Text}}}
		table := Table{"s", "t"}
		p.Create(table, columns, "", false)
		_, err := p.Complete(table, columns, &Storage{Parted: p.Partition != nil}, time.Unix(1e9, 0))
		require.True(t, err == nil || protocol.KindOf(err) == protocol.Config, err)
	})
}
