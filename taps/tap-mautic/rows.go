package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// rows makes a stream's rows of what Mautic sends: names in snake case, every column there, custom fields beside the others, lists and
// objects in the one form that their columns have. Mautic's database is in UTC, and so are times without an offset.
type rows struct {
	*lenient.Sender
	listing *listing
	columns []tap.Column
	kinds   []protocol.Kinds
	at      map[string]int // place of a column
	own     int            // how many columns are not custom fields
	custom  bool
	names   map[string]string // in snake case
	fixed   map[int]string    // what a column has where Mautic says nothing

	seen    map[int64]bool // of a listing with related rows: those that came,
	related []int64        // and those that they name

	scanner, inner, outer rawjson.Scanner
	values                [][]byte
	extra, set            []protocol.Member
}

func newRows(l *listing, sender *lenient.Sender) (*rows, error) {
	columns := l.stream.Columns
	r := &rows{Sender: sender, listing: l, seen: map[int64]bool{}, columns: columns, at: map[string]int{}, own: len(columns) - l.customs, custom: l.custom != "",
		names: map[string]string{}, fixed: map[int]string{}, values: make([][]byte, len(columns))}
	for i, c := range columns {
		schema, err := protocol.ParseSchema(c.Schema)
		if err != nil {
			return nil, err
		}
		r.at[c.Name] = i
		r.kinds = append(r.kinds, schema.Kinds&^protocol.Null)
	}
	return r, nil
}

// errNoFields is what a record is that came without anything in it.
func errNoFields() error {
	return protocol.DataFault("some Mautic 5.0 that composer has installed answer so: upgrade it", "a row came without its id")
}

// idOf is a row's id, a number or a text that holds one.
func idOf(row []byte) (int64, error) { return idIn(rest.Member(row, "id")) }

func idIn(value []byte) (int64, error) {
	id, err := strconv.ParseInt(rest.Text(value), 10, 64)
	if err != nil || id <= 0 {
		return 0, errNoFields()
	}
	return id, nil
}

// send sends a row and gives its id.
func (r *rows) send(row []byte) (int64, error) {
	members, err := r.scanner.Fields(row)
	at := slices.IndexFunc(members, func(m protocol.Field) bool { return string(m.Name) == "id" })
	if err != nil || at < 0 {
		return 0, errNoFields()
	}
	id, err := idIn(members[at].Value)
	if err != nil {
		return 0, err
	}
	r.relate(r.listing, id, row)
	return id, r.sendMembers(members)
}

// sendAny sends a row of any key.
func (r *rows) sendAny(row []byte) error {
	members, err := r.scanner.Fields(row)
	if err != nil {
		return errNoFields()
	}
	return r.sendMembers(members)
}

func (r *rows) sendMembers(members []protocol.Field) error {
	clear(r.values)
	r.extra, r.set = r.extra[:0], r.set[:0]
	for _, m := range members {
		name := r.snake(m.Name)
		if r.custom && name == "fields" {
			r.customFields(m.Value)
			continue
		}
		r.refer(name, m.Value)
		r.put(name, m.Value)
	}
	for i, c := range r.columns {
		value := inForm(r.kinds[i], r.values[i])
		if value == nil || rawjson.KindOf(value) == rawjson.Null {
			value = []byte(cmp.Or(r.fixed[i], "null"))
		}
		r.set = append(r.set, protocol.Member{Name: c.Name, Value: value})
	}
	r.set = append(r.set, r.extra...)
	return r.Send([]byte("{}"), r.set...)
}

// put keeps a value for its column, or beside the columns.
func (r *rows) put(name string, value []byte) {
	if i, ok := r.at[name]; ok {
		if r.values[i] == nil {
			r.values[i] = value
		}
		return
	}
	r.extra = append(r.extra, protocol.Member{Name: name, Value: value})
}

// refer fills the column that has the id of an entity that comes as an object: owner_id of owner. A lead is a contact.
func (r *rows) refer(name string, value []byte) {
	if rawjson.KindOf(value) != rawjson.Object {
		return
	}
	if name == "lead" {
		name = "contact"
	}
	if i, ok := r.at[name+"_id"]; ok {
		r.values[i] = rest.Member(value, "id")
	}
	if i, ok := r.at[name]; ok && name == "ip_address" {
		r.values[i] = rest.Member(value, "ip")
	}
}

// customFields takes the values from fields.all, or from the groups where that is missing.
func (r *rows) customFields(fields []byte) {
	if all := rest.Member(fields, "all"); rawjson.KindOf(all) == rawjson.Object {
		values, _ := r.inner.Fields(all) // of an answer that was checked
		for _, f := range values {
			r.putCustom(string(f.Name), f.Value)
		}
		return
	}
	groups, err := r.outer.Fields(fields)
	if err != nil {
		return // [] for none
	}
	for _, group := range groups {
		values, err := r.inner.Fields(group.Value)
		if err != nil {
			continue
		}
		for _, f := range values {
			r.putCustom(string(f.Name), rest.Member(f.Value, "value"))
		}
	}
}

// putCustom keeps the value of a custom field. Those that the record has itself are there already.
func (r *rows) putCustom(alias string, value []byte) {
	if i, ok := r.at[alias]; ok && i < r.own {
		if slices.Contains(sameTwice, alias) {
			return
		}
		alias = customPrefix + alias
	}
	if value == nil {
		value = []byte("null")
	}
	r.put(alias, value)
}

// inForm is a value in the form of its column. PHP writes a list and an object alike when they are empty, and Mautic either in the place of
// the other by version: a list that is sent as an object loses its keys, which its rows have too.
func inForm(kinds protocol.Kinds, value []byte) []byte {
	switch kind := rawjson.KindOf(value); {
	case kinds == protocol.Array && kind == rawjson.Object:
		var scanner rawjson.Scanner
		members, _ := scanner.Fields(value) // of a row that was read already
		list := []byte{'['}
		for i, m := range members {
			if i > 0 {
				list = append(list, ',')
			}
			list = append(list, m.Value...)
		}
		return append(list, ']')
	case kinds == protocol.Object && kind == rawjson.Array:
		var elements []json.RawMessage
		_ = json.Unmarshal(value, &elements) // likewise
		var members []protocol.Member
		for i, element := range elements {
			members = append(members, protocol.Member{Name: strconv.Itoa(i), Value: element})
		}
		return protocol.AppendObject(nil, members)
	}
	return value
}

// snake is a name of the API as the name of a column: dateAdded is date_added.
func (r *rows) snake(name []byte) string {
	if known, ok := r.names[string(name)]; ok {
		return known
	}
	var b strings.Builder
	for i, c := range string(name) {
		if unicode.IsUpper(c) {
			if i > 0 {
				b.WriteByte('_')
			}
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	r.names[string(name)] = b.String()
	return b.String()
}

// fix sets what a column has where a row does not say it.
func (r *rows) fix(column string, value int64) {
	r.fixed[r.at[column]] = strconv.FormatInt(value, 10)
}
