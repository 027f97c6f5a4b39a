package columns

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// A Physical is how a table is stored, beside its columns: what the tables setting says. The zero value is a plain table.
type Physical struct {
	Indexes    []Index    `json:"indexes"`
	Partition  *Partition `json:"partition_by"`
	Fillfactor int        `json:"fillfactor"`
	Unlogged   bool       `json:"unlogged"`
	Tablespace Ident      `json:"tablespace"`
}

// An Index is one beside that of the key.
type Index struct {
	Columns []Ident `json:"columns"`
	Unique  bool    `json:"unique"`
	Method  Ident   `json:"method"`
	Where   string  `json:"where"`
	Include []Ident `json:"include"`
}

// UnmarshalJSON reads an object, or a list of columns.
func (i *Index) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '[' {
		return json.Unmarshal(raw, &i.Columns)
	}
	type plain Index
	return strict(raw, (*plain)(i))
}

// strict decodes an object that has no other members.
func strict(raw []byte, into any) error {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// UnmarshalJSON reads and checks an object.
func (p *Physical) UnmarshalJSON(raw []byte) error {
	type plain Physical
	if err := strict(raw, (*plain)(p)); err != nil {
		return err
	}
	if p.Fillfactor != 0 && (p.Fillfactor < 10 || p.Fillfactor > 100) {
		return errors.New("fillfactor: expected 10 to 100")
	}
	for _, i := range p.Indexes {
		if len(i.Columns) == 0 {
			return errors.New("indexes: expected columns for each")
		}
	}
	if p.Partition == nil {
		return nil
	}
	return p.Partition.check()
}

// A Partition is how a table is parted: by ranges of time, or by hash.
type Partition struct {
	Range    Ident  `json:"range"`
	Interval string `json:"interval"` // day, week, month or year
	Start    string `json:"start"`    // the first day that has a partition; today's when empty
	Ahead    *int   `json:"ahead"`    // partitions after today's; 3 when absent

	Hash       Ident `json:"hash"`
	Partitions int   `json:"partitions"`
}

const maxPartitions = 5000

func (p *Partition) check() error {
	switch {
	case (p.Range == "") == (p.Hash == ""):
		return errors.New("partition_by: expected range or hash, a column")
	case p.Hash != "" && (p.Partitions < 1 || p.Partitions > maxPartitions):
		return fmt.Errorf("partition_by: expected partitions, 1 to %d", maxPartitions)
	case p.Hash != "":
		return nil
	}
	if !slices.Contains([]string{"day", "week", "month", "year"}, p.Interval) {
		return errors.New("partition_by: expected interval, one of day, week, month, year")
	}
	if p.Ahead != nil && (*p.Ahead < 0 || *p.Ahead > 1000) {
		return errors.New("partition_by: expected ahead, 0 to 1000")
	}
	if _, err := time.Parse(time.DateOnly, p.Start); err != nil && p.Start != "" {
		return errors.New("partition_by: expected start as YYYY-MM-DD")
	}
	return nil
}

func (p *Partition) column() Ident { return p.Range + p.Hash }

// Storage is what the catalogs say of how a table is stored.
type Storage struct {
	Parted     bool // what RETURNING may name is less
	Indexes    []Ident
	Partitions []Ident
}

// Create renders the statements that make a table: CREATE TABLE with its primary key, then the comments. Its partitions and further indexes
// come from [Physical.Complete].
//
// Only key columns are not null: a later schema, or the record of a deletion, may send nulls for any other.
// With keyLater the table gets its primary key by [AddKey].
func (p *Physical) Create(t Table, columns []Column, comment string, keyLater bool) []string {
	kind, end := p.storage()
	if by := p.Partition; by != nil {
		method := "HASH"
		if by.Range != "" {
			method = "RANGE"
		}
		kind, end = "TABLE ", " PARTITION BY "+method+" ("+by.column().String()+")"+p.tablespace()
	}
	var b strings.Builder
	b.WriteString("CREATE " + kind + t.String() + " (")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n\t" + c.Name.String() + " " + c.Type.String())
		if c.Key && keyLater {
			b.WriteString(" NOT NULL")
		}
	}
	if key := keyList(columns); key != "" && !keyLater {
		b.WriteString(",\n\tPRIMARY KEY (" + key + ")")
	}
	statements := []string{b.String() + "\n)" + end}
	if comment != "" {
		statements = append(statements, "COMMENT ON TABLE "+t.String()+" IS "+Literal(comment))
	}
	for _, c := range columns {
		if c.Comment != "" {
			statements = append(statements, commentOn(t, c))
		}
	}
	return statements
}

// storage is what stands before the name and at the end of a statement that makes a table with rows of its own.
func (p *Physical) storage() (kind, end string) {
	kind = "TABLE "
	if p.Unlogged {
		kind = "UNLOGGED TABLE "
	}
	if p.Fillfactor != 0 {
		end = fmt.Sprintf(" WITH (fillfactor = %d)", p.Fillfactor)
	}
	return kind, end + p.tablespace()
}

func (p *Physical) tablespace() string {
	if p.Tablespace == "" {
		return ""
	}
	return " TABLESPACE " + p.Tablespace.String()
}

// Complete renders the statements that give a table its missing partitions and indexes, and notes them as being there. A table
// that is parted in another way, or not at all, stays so.
func (p *Physical) Complete(t Table, columns []Column, have *Storage, now time.Time) ([]string, error) {
	if err := p.fits(t, columns, have.Parted); err != nil {
		return nil, err
	}
	var statements []string
	if have.Parted && p.Partition != nil {
		ranged, err := p.partitions(t, columns, have, now)
		if err != nil {
			return nil, err
		}
		statements = ranged
	}
	for _, i := range p.Indexes {
		name := i.name(t.Name)
		if slices.Contains(have.Indexes, name) {
			continue
		}
		have.Indexes = append(have.Indexes, name)
		statements = append(statements, i.create(name, t))
	}
	return statements, nil
}

// fits is a Config fault where the table's columns do not allow what is wanted.
func (p *Physical) fits(t Table, columns []Column, parted bool) error {
	column := func(name Ident) *Column {
		if i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name }); i >= 0 {
			return &columns[i]
		}
		return nil
	}
	by := p.Partition
	if !parted {
		by = nil
	}
	for _, i := range p.Indexes {
		for _, name := range slices.Concat(i.Columns, i.Include) {
			if column(name) == nil {
				return protocol.ConfigFault("correct it in tables", "an index of %s names the column %s, which is not there", t, name)
			}
		}
		if by != nil && i.Unique && !slices.Contains(i.Columns, by.column()) {
			return protocol.ConfigFault("add it to the index in tables", "a unique index of %s must contain the column that parts it, %s", t, by.column())
		}
	}
	if by == nil {
		return nil
	}
	c := column(by.column())
	if c == nil {
		return protocol.ConfigFault("correct partition_by in tables", "%s is to be parted by the column %s, which is not there", t, by.column())
	}
	if by.Range != "" && c.Type.Kind != Timestamptz && c.Type.Kind != Timestamp && c.Type.Kind != Date {
		return protocol.ConfigFault("choose a date or a timestamp in partition_by, or part by hash", "%s is to be parted by ranges of %s, which is %s", t, c.Name, c.Type)
	}
	if key := keyList(columns); key != "" && !c.Key {
		return protocol.ConfigFault("part by a column of the key, or let the tap declare a key that contains it",
			"%s cannot be parted by %s: its primary key (%s) must contain that column", t, c.Name, key)
	}
	return nil
}

func (i *Index) name(table Ident) Ident {
	name := string(table)
	for _, c := range i.Columns {
		name += "_" + string(c)
	}
	return Ident(hashedName(name, i.create("", Table{Name: table})))
}

func (i *Index) create(name Ident, t Table) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if i.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX IF NOT EXISTS " + name.String() + " ON " + t.String())
	if i.Method != "" {
		b.WriteString(" USING " + i.Method.String())
	}
	b.WriteString(" (" + List(i.Columns) + ")")
	if len(i.Include) > 0 {
		b.WriteString(" INCLUDE (" + List(i.Include) + ")")
	}
	if i.Where != "" {
		b.WriteString(" WHERE " + i.Where)
	}
	return b.String()
}
