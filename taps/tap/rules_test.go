package tap

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRulesPrecedence(t *testing.T) {
	t.Parallel()
	rules := Rules{
		"*":       {"email": "hash", "card*": "drop", "card_type": "mask"},
		"orders":  {"email": "mask"},
		"order*":  {"card_number": "hash"},
		"order_?": {"card_number": "mask"},
	}
	tests := []struct {
		stream, column string
		want           Keep
	}{
		{"clicks", "email", Hashed},
		{"orders", "email", Masked},
		{"clicks", "card_number", Dropped},
		{"clicks", "card_type", Masked},
		{"orders", "card_number", Hashed},
		{"order_2", "card_number", Masked},
		{"orders", "card_other", Dropped},
		{"orders", "id", Whole},
	}
	for _, test := range tests {
		require.Equal(t, test.want, rules.keep(test.stream, test.column), "%s.%s", test.stream, test.column)
	}
}

func TestAppendKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		keep        Keep
		value, want string
	}{
		{Hashed, "", `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{Hashed, "jo@example.com", fmt.Sprintf(`"%x"`, sha256.Sum256([]byte("jo@example.com")))},
		{Masked, "4111111111111234", `"****1234"`},
		{Masked, "12345678", `"****5678"`},
		{Masked, "1234567", `"****"`},
		{Masked, "", `"****"`},
		{Masked, "Zürich-Örlikon-äöü\"", `"****äöü\""`},
		{Masked, "abcdefgh\xff", `"****fgh` + "\uFFFD" + `"`},
		{Dropped, "x", ``},
		{Whole, "a\nb", `"a\nb"`},
	}
	for _, test := range tests {
		require.Equal(t, "["+test.want, string(AppendKept([]byte("["), test.keep, []byte(test.value))), test.value)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	schema := []byte(`{"type":["null","object"],"properties":{"city":{"type":"string"},"geo":{"type":"object","properties":{"lat":{"type":"number"},
		"lon":{"type":"number"}},"required":["lat","lon"]},"zip":{"type":"string"}},"required":["zip","city"]}`)
	wants := func(path ...string) bool {
		last := path[len(path)-1]
		return last != "zip" && last != "lon"
	}
	pruned, err := pruneSchema(schema, wants, "address")
	require.NoError(t, err)
	require.JSONEq(t, `{"type":["null","object"],"properties":{"city":{"type":"string"},"geo":{"type":"object","properties":{"lat":{"type":"number"}},
		"required":["lat"]}},"required":["city"]}`, string(pruned))

	tree, err := pruneTree(schema, wants, []string{"address"})
	require.NoError(t, err)
	for value, want := range map[string]string{
		`{"zip":"1","city":"Bern","geo":{"lon":1,"lat":2.50},"more":[{"zip":1}]}`: `{"city":"Bern","geo":{"lat":2.50},"more":[{"zip":1}]}`,
		`{"zip":"1"}`:                 `{}`,
		`null`:                        `null`,
		`{"geo":null}`:                `{"geo":null}`,
		`{"geo":[{"lon":1}],"lon":0}`: `{"geo":[{"lon":1}],"lon":0}`,
	} {
		got, err := tree.appendValue(nil, []byte(value))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}

	whole, err := pruneSchema(schema, func(...string) bool { return true }, "address")
	require.NoError(t, err)
	require.Equal(t, string(schema), string(whole), "a schema that loses nothing stays as it is")
}
