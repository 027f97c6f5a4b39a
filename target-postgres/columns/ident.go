package columns

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the number of bytes that PostgreSQL keeps of an identifier.
const MaxName = 63

// An Ident is the name of a table or column as the catalogs hold it. Its String is quoted, so that formatting one into
// a statement is always safe.
type Ident string

// String gives the quoted form.
func (i Ident) String() string { return `"` + strings.ReplaceAll(string(i), `"`, `""`) + `"` }

// List gives names as a statement lists them: quoted, with commas between.
func List(names []Ident) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = n.String()
	}
	return strings.Join(quoted, ", ")
}

// A Table is the qualified name of a table. Without a schema it is looked up in the search path.
type Table struct {
	Schema, Name Ident
}

// String gives the quoted form, ready for a statement.
func (t Table) String() string {
	if t.Schema == "" {
		return t.Name.String()
	}
	return t.Schema.String() + "." + t.Name.String()
}

// A Case says what becomes of capital letters in names.
type Case uint8

const (
	// KeepCase leaves them.
	KeepCase Case = iota
	// LowerCase makes them small, so that SQL finds the names without quotes.
	LowerCase
	// AirbyteCase gives names that Airbyte's own destination gives: accents are taken away, whatever is no ASCII letter, digit or underscore
	// becomes an underscore, and a digit in front gets one.
	AirbyteCase
	// AirbyteLowerCase does the same, in small letters.
	AirbyteLowerCase
)

// ownPrefix begins the names of the target's own tables.
const ownPrefix = "_signalroom_"

// TableName is the name of the table of a stream.
func TableName(stream string, c Case) Ident {
	name := printable(c.apply(stream))
	if strings.HasPrefix(name, ownPrefix) {
		name += "_"
	}
	return Ident(fitted(name))
}

// Schema is the name of the schema for a namespace.
func (c Case) Schema(namespace string) Ident { return Ident(fitted(printable(c.apply(namespace)))) }

// RefreshName is the name of the table beside another one that a refresh is loaded into.
func RefreshName(table Ident) Ident { return Ident(fitted(ownPrefix + "refresh_" + string(table))) }

// Shared tells whether the table of a stream may be that of another stream too.
func Shared(stream string, c Case) bool {
	return c != KeepCase || len(stream) > keptOfLong || string(TableName(stream, c)) != stream
}

func (c Case) apply(name string) string {
	switch c {
	case LowerCase:
		return strings.ToLower(name)
	case AirbyteCase:
		return airbyteName(name)
	case AirbyteLowerCase:
		return strings.ToLower(airbyteName(name))
	}
	return name
}

// airbyteName is a name as destination-postgres 3 folds it, long ones with the end of their Java hash.
// https://docs.airbyte.com/integrations/destinations/postgres
func airbyteName(name string) string {
	var b strings.Builder
	spaces := false
	for _, r := range norm.NFKD.String(name) {
		isSpace := strings.ContainsRune(" \t\n\v\f\r", r)
		switch {
		case unicode.Is(unicode.M, r), isSpace && spaces:
		case r < utf8.RuneSelf && (r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
		spaces = isSpace
	}
	folded := b.String()
	if folded != "" && folded[0] <= '9' {
		folded = "_" + folded
	}
	if len(folded) <= MaxName {
		return folded
	}
	hash := int32(0)
	for i := range len(folded) {
		hash = 31*hash + int32(folded[i])
	}
	digits := strconv.Itoa(int(hash))
	return folded[:keptOfLong] + "_" + digits[max(0, len(digits)-8):]
}

// columnNames gives each property its column, in the order given. The properties are distinct.
func columnNames(properties []string, c Case, reserved func(string) bool) []Ident {
	names := make([]Ident, len(properties))
	taken := make(map[string]bool, len(properties))
	var changed []int
	for i, p := range properties {
		if n := columnName(p, c, reserved); n == p {
			names[i], taken[p] = Ident(p), true
		} else {
			changed = append(changed, i)
		}
	}
	slices.SortFunc(changed, func(a, b int) int { return strings.Compare(properties[a], properties[b]) })
	for _, i := range changed {
		n := free(columnName(properties[i], c, reserved), properties[i], taken)
		names[i], taken[n] = Ident(n), true
	}
	return names
}

// free gives name, or the first of its hashed forms that is not taken.
func free(name, original string, taken map[string]bool) string {
	hashed := name
	for n := 0; taken[hashed]; n++ {
		salt := ""
		if n > 0 {
			salt = "\x00" + strconv.Itoa(n)
		}
		hashed = hashedName(name, original+salt)
	}
	return hashed
}

func columnName(property string, c Case, reserved func(string) bool) string {
	n := printable(c.apply(property))
	if reserved(n) {
		n += "_"
	}
	return fitted(n)
}

func printable(name string) string {
	if name == "" {
		return "_"
	}
	return Holdable(name)
}

// Holdable is a text with U+FFFD in the place of what no text in PostgreSQL can hold: U+0000, and bytes that are not UTF-8.
func Holdable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func fitted(s string) string {
	if len(s) <= MaxName {
		return s
	}
	return hashedName(s, s)
}

// keptOfLong is how many bytes of a long name precede its hash.
const keptOfLong = MaxName - 9

// hashedName cuts name so that a hash of original can follow it.
func hashedName(name, original string) string {
	if len(name) > keptOfLong {
		cut := keptOfLong
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	sum := sha256.Sum256([]byte(original))
	return name + "_" + hex.EncodeToString(sum[:4])
}

// isSystemColumn tells whether every table has a column of that name that nobody can add.
func isSystemColumn(name string) bool {
	switch name {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}
