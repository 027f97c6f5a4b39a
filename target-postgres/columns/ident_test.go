package columns

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestIdentIsQuoted(t *testing.T) {
	t.Parallel()
	require.Equal(t, `"a""b"`, Ident(`a"b`).String())
	require.Equal(t, `"Sales"."Order Items"`, Table{Schema: "Sales", Name: "Order Items"}.String())
	require.Equal(t, `"orders"`, Table{Name: "orders"}.String())
}

func TestTableName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 40)
	for _, test := range []struct{ stream, want string }{
		{"Orders", "Orders"},
		{"public-my.table", "public-my.table"},
		{`say "hi"`, `say "hi"`},
		{"", "_"},
		{"a\x00b", "a\uFFFDb"},
		{"a\xffb", "a\uFFFDb"},
		{strings.Repeat("x", 63), strings.Repeat("x", 63)},
		{strings.Repeat("x", 64), strings.Repeat("x", 54) + "_7ce10097"},
		{long, strings.Repeat("é", 27) + "_"},
	} {
		got := string(TableName(test.stream, KeepCase))
		require.True(t, strings.HasPrefix(got, test.want), "%q became %q", test.stream, got)
		require.LessOrEqual(t, len(got), MaxName)
		require.True(t, utf8.ValidString(got))
	}
}

func TestTableNameInSmallLetters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stream, keep, lower string
	}{
		{"Orders", "Orders", "orders"},
		{"ÄÖ", "ÄÖ", "äö"},
		{"_signalroom_state", "_signalroom_state_", "_signalroom_state_"},
		{"_Signalroom_State", "_Signalroom_State", "_signalroom_state_"},
		{"_signalroom", "_signalroom", "_signalroom"},
	} {
		require.Equal(t, test.keep, string(TableName(test.stream, KeepCase)))
		require.Equal(t, test.lower, string(TableName(test.stream, LowerCase)))
	}
	for stream, shared := range map[string]bool{
		"orders": false, "Orders": false, strings.Repeat("x", 54): false, strings.Repeat("x", 55): true, strings.Repeat("x", 64): true, "": true, "a\x00": true,
	} {
		require.Equal(t, shared, Shared(stream, KeepCase), "%q", stream)
		require.True(t, Shared(stream, LowerCase))
	}
}

// The names of destination-postgres, by its own tests and its code. The hash is Java's.
func TestAirbyteNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ stream, want string }{
		{"my_table", "my_table"},
		{"MY_Table", "MY_Table"},
		{"a-b.c d", "a_b_c_d"},
		{"a \t b", "a_b"},
		{"1st", "_1st"},
		{"Crème Brûlée", "Creme_Brulee"},
		{"ﬁ½", "fi1_2"},
		{"日本", "__"},
		{"😀", "_"},
		{"", "_"},
		{strings.Repeat("x", 63), strings.Repeat("x", 63)},
		{strings.Repeat("t", 70), strings.Repeat("t", 54) + "_24886656"},
	} {
		require.Equal(t, test.want, string(TableName(test.stream, AirbyteCase)), test.stream)
		require.Equal(t, strings.ToLower(test.want), string(TableName(test.stream, AirbyteLowerCase)), test.stream)
	}
	require.Equal(t, Ident("_1_ns"), AirbyteCase.Schema("1 ns"))
	require.Equal(t, Ident("1 ns"), KeepCase.Schema("1 ns"))
	require.Equal(t, Ident("_signalroom_refresh_users"), RefreshName("users"))
	require.NotEqual(t, RefreshName(Ident(strings.Repeat("x", 60)+"1")), RefreshName(Ident(strings.Repeat("x", 60)+"2")))
	require.True(t, Shared("orders", AirbyteCase))
}

func TestColumnNamesDoNotDependOnOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []Case{KeepCase, LowerCase} {
		columnNamesDoNotDependOnOrder(t, c)
	}
}

func columnNamesDoNotDependOnOrder(t *testing.T, c Case) {
	t.Helper()
	long := strings.Repeat("n", 70)
	properties := []string{
		"id", "ID", "iD", "_SDC_sequence", "_sdc_sequence_", "ctid", "ctid_", "xmin", "_extra", "", "_", "a\x00", "a\uFFFD", "a\xff", long + "1", long + "2", "select", "oid",
		string(hashedName(long+"1", long+"1")),
	}
	named := map[string]Ident{}
	for i, n := range columnNames(properties, c, NoMetadata.reserves) {
		named[properties[i]] = n
	}

	seen := map[Ident]bool{}
	for p, n := range named {
		require.False(t, seen[n], "%q has a name that another has: %s", p, n)
		seen[n] = true
		require.LessOrEqual(t, len(n), MaxName)
	}
	if c == LowerCase {
		require.Equal(t, Ident("id"), named["id"])
		require.Regexp(t, `^id_[0-9a-f]{8}$`, string(named["ID"]))
		require.Regexp(t, `^_sdc_sequence__[0-9a-f]{8}$`, string(named["_SDC_sequence"]))
	} else {
		require.Equal(t, Ident("ID"), named["ID"])
		require.Equal(t, Ident("_SDC_sequence"), named["_SDC_sequence"])
	}
	for _, same := range []string{"id", "ctid_", "_", "a\uFFFD", "select", "oid"} {
		require.Equal(t, Ident(same), named[same])
	}
	require.Equal(t, Ident("xmin_"), named["xmin"])
	require.Equal(t, Ident("_extra_"), named["_extra"])
	require.Regexp(t, `^ctid__[0-9a-f]{8}$`, string(named["ctid"]))

	slices.Reverse(properties)
	for i, n := range columnNames(properties, c, NoMetadata.reserves) {
		require.Equal(t, named[properties[i]], n)
	}
}
