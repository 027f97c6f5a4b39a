package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/sheets/v4"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A part is what becomes a stream: a tab, a range of one, a named range or a table.
type part struct {
	source  *source
	book    *book
	id      string // of the spreadsheet and the part, which stays when they are renamed
	stream  string
	name    string // wanted for the stream; empty: the one of before, or else title
	title   string // what the part is called
	tab     *sheets.Sheet
	rect    rect
	key     []string
	reading Reading

	before  bookmark       // of the last run; without columns in a first one
	columns []kinds.Column // that a catalog can name
	missing bool           // it was there in the last run

	unselected bool // unless a catalog or the setting select asks for it
}

// matches tells whether a tab is the one, or one of those, that an entry names: gid:7, a title, or a glob of titles.
func (e *StreamEntry) matches(tab *sheets.SheetProperties) bool {
	if gid, ok := strings.CutPrefix(e.Tab, "gid:"); ok {
		return gid == strconv.FormatInt(tab.SheetId, 10)
	}
	return e.Tab == "" || e.Tab == tab.Title || protocol.Glob(e.Tab, tab.Title)
}

// parts lists what is to be read of a spreadsheet.
func (s *source) parts(b *book) ([]*part, error) {
	if len(s.config.Streams) == 0 {
		return s.allParts(b), nil
	}
	var parts []*part
	for i := range s.config.Streams {
		e := &s.config.Streams[i]
		if e.Spreadsheet != "" && e.Spreadsheet != b.id {
			continue
		}
		found, err := s.entryParts(b, e)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 && e.Spreadsheet != "" {
			s.run.Log.Warn("no tab of the spreadsheet matches", "spreadsheet", b.title, "tab", e.Tab)
		}
		for _, p := range found {
			if slices.ContainsFunc(parts, func(other *part) bool { return other.id == p.id }) {
				return nil, protocol.ConfigFault("leave one of them out, or give it another range", "streams: the same part of spreadsheet %q is named twice", b.title)
			}
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// entryParts are the parts that one entry of the setting streams names.
func (s *source) entryParts(b *book, e *StreamEntry) ([]*part, error) {
	add := func(p *part) *part {
		p.name, p.key, p.reading = e.Name, e.KeyProperties, e.Reading
		// A glob does not ask for a hidden tab.
		p.unselected = p.tab.Properties.Hidden && e.Range == "" && e.Tab != p.tab.Properties.Title && !strings.HasPrefix(e.Tab, "gid:")
		return p
	}
	tab, r, isA1 := parseA1(e.Range)
	if e.Range != "" && !isA1 {
		if p := b.named(e.Range); p != nil {
			return []*part{add(p)}, nil
		}
		if e.Spreadsheet == "" {
			return nil, nil // another spreadsheet may have it
		}
		return nil, protocol.ConfigFault("it is A1 notation such as B3:F, or the name of a named range or a table",
			"streams: spreadsheet %q has no range %q", b.title, e.Range)
	}
	own := *e
	own.Tab = cmp.Or(e.Tab, tab)
	var parts []*part
	for _, t := range b.grids() {
		if !own.matches(t.Properties) || own.Tab == "" && t.Properties.Hidden {
			continue
		}
		p := b.part(t, t.Properties.Title, "sheet", strconv.FormatInt(t.Properties.SheetId, 10))
		if e.Range != "" {
			p.rect = r
			p.id += "/" + strings.ToUpper(e.Range[strings.LastIndexByte(e.Range, '!')+1:])
		}
		parts = append(parts, add(p))
		if own.Tab == "" {
			break // a range without a tab is on the first one that is visible
		}
	}
	if len(parts) > 1 && e.Name != "" {
		return nil, protocol.ConfigFault("leave out the name, or name one tab", "streams: %q names several tabs of spreadsheet %q", e.Name, b.title)
	}
	return parts, nil
}

// allParts are the tabs, tables and named ranges. Tables, named ranges and hidden tabs are there for those who ask for them.
func (s *source) allParts(b *book) []*part {
	var parts []*part
	for _, t := range b.grids() {
		p := b.part(t, t.Properties.Title, "sheet", strconv.FormatInt(t.Properties.SheetId, 10))
		p.unselected = t.Properties.Hidden
		parts = append(parts, p)
	}
	var names []string
	for _, t := range b.grids() {
		for _, table := range t.Tables {
			names = append(names, table.Name)
		}
	}
	for _, n := range b.namedRanges {
		names = append(names, n.Name)
	}
	for _, name := range names {
		if p := b.named(name); p != nil {
			p.unselected = true
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		p.reading = s.config.Reading
	}
	return parts
}

// A book is a spreadsheet as it was when the run looked at it.
type book struct {
	source          *source
	id              string
	title           string
	zone            *time.Location
	format, pattern string // of cells that have none of their own
	tabs            []*sheets.Sheet
	namedRanges     []*sheets.NamedRange
	version         string // of the file, by Drive; empty where Drive does not tell
	left            bool   // its last change lies outside of start_date and end_date
}

// grids are the tabs that hold cells: no charts, and no connected sheets, of which the API shows a preview.
func (b *book) grids() []*sheets.Sheet {
	return slices.DeleteFunc(slices.Clone(b.tabs), func(t *sheets.Sheet) bool {
		return t.Properties == nil || t.Properties.GridProperties == nil || t.Properties.SheetType == "OBJECT" || t.Properties.SheetType == "DATA_SOURCE"
	})
}

func (b *book) tab(id int64) *sheets.Sheet {
	for _, t := range b.grids() {
		if t.Properties.SheetId == id {
			return t
		}
	}
	return nil
}

func (b *book) part(t *sheets.Sheet, title, kind, id string) *part {
	return &part{source: b.source, book: b, id: b.id + "/" + kind + "/" + id, title: title, tab: t, rect: everything}
}

// named is the table or the named range of that name; nil without one, and for a named range whose tab was deleted.
func (b *book) named(name string) *part {
	for _, t := range b.grids() {
		for _, table := range t.Tables {
			if table.Name == name {
				p := b.part(t, name, "table", table.TableId)
				p.rect = rectOf(table.Range)
				return p
			}
		}
	}
	for _, n := range b.namedRanges {
		if n.Name != name || n.Range == nil {
			continue
		}
		if t := b.tab(n.Range.SheetId); t != nil {
			p := b.part(t, name, "range", n.NamedRangeId)
			p.rect = rectOf(n.Range)
			return p
		}
	}
	return nil
}

// nameStreams gives every part its stream: the name from the settings, or that of the last run, since a part that is renamed stays
// what it is, or its title. Where two want the same name, the later one has its spreadsheet's title in front.
func (s *source) nameStreams(parts []*part, others []tap.Stream) {
	known := map[string]string{}
	for stream, raw := range s.run.Known() {
		if b, err := readBookmark(raw); err == nil && b.Part != "" {
			known[b.Part] = stream
		}
	}
	taken := map[string]bool{}
	for _, other := range others {
		taken[other.Name] = true
	}
	for _, p := range parts {
		if p.stream = p.name; p.stream == "" {
			p.stream = known[p.id]
		}
		if taken[p.stream] {
			p.stream = ""
		}
		if p.stream != "" {
			taken[p.stream] = true
		}
	}
	for _, p := range parts {
		if p.stream != "" || p.missing {
			continue
		}
		title := p.title
		if s.config.StreamNames == "snake_case" {
			title = cmp.Or(tap.SnakeCase(title), p.tab.Properties.Title)
		}
		candidates := []string{cmp.Or(p.name, title), p.book.title + " " + title, p.id}
		if s.config.StreamNames == "snake_case" {
			candidates[1] = tap.SnakeCase(candidates[1])
		}
		p.stream = candidates[slices.IndexFunc(candidates, func(name string) bool { return name != "" && !taken[name] })]
		taken[p.stream] = true
	}
}

// missingParts are those of the last run that the spreadsheet has no longer. What the settings merely leave out is not missing.
func (s *source) missingParts(b *book, parts []*part) []*part {
	var missing []*part
	for stream, raw := range s.run.Known() {
		before, err := readBookmark(raw)
		if err != nil || !strings.HasPrefix(before.Part, b.id+"/") || slices.ContainsFunc(parts, func(p *part) bool { return p.id == before.Part }) || b.has(before.Part) {
			continue
		}
		missing = append(missing, &part{source: s, book: b, id: before.Part, name: stream, title: before.Title, missing: true})
	}
	return missing
}

// has tells whether a part is still there, whatever its name.
func (b *book) has(id string) bool {
	words := strings.SplitN(strings.TrimPrefix(id, b.id+"/"), "/", 3)
	if len(words) < 2 {
		return false
	}
	switch words[0] {
	case "sheet":
		gid, err := strconv.ParseInt(words[1], 10, 64)
		return err == nil && b.tab(gid) != nil
	case "table":
		return slices.ContainsFunc(b.grids(), func(t *sheets.Sheet) bool {
			return slices.ContainsFunc(t.Tables, func(table *sheets.Table) bool { return table.TableId == words[1] })
		})
	}
	return slices.ContainsFunc(b.namedRanges, func(n *sheets.NamedRange) bool {
		return n.NamedRangeId == words[1] && n.Range != nil && b.tab(n.Range.SheetId) != nil
	})
}

func readBookmark(raw json.RawMessage) (b bookmark, err error) {
	if raw == nil {
		return b, nil
	}
	if err := json.Unmarshal(raw, &b); err != nil || b.Part == "" {
		return b, protocol.ConfigFault("give the state of an earlier run of this tap, or {} to begin again", "the state's bookmark is damaged, or of another program")
	}
	return b, nil
}

// declare makes the stream. Until its columns have been read they are what the last run knew, or the first rows tell.
func (p *part) declare() tap.Stream {
	known := slices.Clone(p.columns)
	for _, name := range p.key {
		if name != rowNumberColumn && !slices.ContainsFunc(known, func(c kinds.Column) bool { return c.Name == name }) {
			known = append(known, kinds.Column{Name: name, Kind: kinds.Text})
		}
	}
	key := p.key
	if len(key) == 0 {
		key = []string{rowNumberColumn}
	}
	return tap.Stream{Name: p.stream, Description: p.title + " in the spreadsheet " + p.book.title, Columns: tapColumns(known), Late: true,
		Key: key, Disposition: disposition(p.key), Whole: true, Unselected: p.unselected, Read: p.read}
}

// tapColumns are the columns of a stream, in order. One that never held a value is left out, so that it can have any type later.
func tapColumns(columns []kinds.Column) []tap.Column {
	all := slices.Clone(ownColumns)
	for _, c := range columns {
		if c.Kind != kinds.Blank {
			all = append(all, tap.Column{Name: c.Name, Schema: c.Kind.Schema()})
		}
	}
	return all
}

// header is where the names of the columns stand: in a table the first row, unless a setting says otherwise.
func (p *part) header() HeaderRow {
	if h := p.reading.HeaderRow; h.given() || !strings.HasPrefix(p.id, p.book.id+"/table/") {
		return h
	}
	return HeaderRow{first: p.rect.row + 1, last: p.rect.row + 1}
}

func (p *part) zone() *time.Location {
	if zone, err := loadZone(p.reading.Timezone); err == nil && zone != nil {
		return zone
	}
	return p.book.zone
}

// grid is the part's range as far as its tab goes. With a header of a given row it begins there.
func (p *part) grid() rect {
	size := p.tab.Properties.GridProperties
	r := p.rect.within(int(size.RowCount), int(size.ColumnCount))
	if first := p.header().first; first > 0 {
		r.row = max(r.row, first-1)
	}
	return r
}
