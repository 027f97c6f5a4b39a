package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// read sends the rows of a part, unless they are those of the last run. Nothing goes out before all of them are there.
func (p *part) read(ctx context.Context, out *tap.Output) (err error) {
	switch {
	case p.missing:
		return p.readMissing(out)
	case p.unread(out):
		out.Log().Info("nobody has changed the spreadsheet since the last run", "read_at", p.before.ReadAt)
		out.Unchanged()
		return out.State(&p.before)
	}
	var rows spool
	defer func() {
		if closing := rows.close(); err == nil {
			err = closing
		}
	}()
	version, t, err := p.readWhole(ctx, out, &rows)
	if err != nil {
		return err
	}
	if t.failed > 0 {
		out.Log().Warn("cells hold an error such as #N/A", "cells", t.failed, "error_values", p.reading.ErrorValues)
	}
	if err := t.refuse(rows.rows); err != nil {
		return err
	}
	columns := t.columns()
	report(out, t.empty(columns), len(columns), rows.rows)
	next := bookmark{Part: p.id, Title: p.title, Version: version, ReadAt: p.source.run.Start, Hash: rows.sum(columns), Rows: rows.rows, Columns: slices.Clone(p.before.Columns)}
	next.remember(columns)
	next.Shape = p.shape(out, next.Columns)
	if next.Hash == p.before.Hash && next.Shape == p.before.Shape {
		out.Log().Info("the rows are those of the last run")
		out.Unchanged()
		return out.State(&next)
	}
	if err := p.checkKey(out, &rows, columns); err != nil {
		return err
	}
	if err := out.SetColumns(tapColumns(columns)); err != nil {
		return err
	}
	if err := p.send(out, &rows, columns); err != nil {
		return err
	}
	return out.State(&next)
}

// unread tells that the part need not be read: Drive says that the file is as it was, the settings are too, and it is not long ago.
func (p *part) unread(out *tap.Output) bool {
	b := &p.before
	return p.source.config.ChangeDetection == "drive" && b.Version != "" && b.Version == p.book.version && b.Shape == p.shape(out, b.Columns) &&
		p.source.run.Start.Sub(b.ReadAt) < p.source.config.MaxSkipAge
}

// shape is a hash of what settings and catalog make of the columns.
func (p *part) shape(out *tap.Output, columns []column) string {
	hash := sha256.New()
	r := &p.reading
	fmt.Fprintf(hash, "%q %q %v %q %q %q %q %q %q\n", p.source.config.ClientID, p.key, r.HeaderRow, r.HiddenRows, r.MergedCells, r.ErrorValues, r.Types, p.zone(), r.ColumnNames)
	for _, c := range slices.Concat([]column{{name: rowNumberColumn}, {name: spreadsheetIDColumn}, {name: sheetIDColumn}, {name: sheetNameColumn}}, columns) {
		fmt.Fprintf(hash, "%q %d %d\n", c.name, c.kind, out.Keep(c.name))
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// readMissing does what the settings say of a part that was deleted.
func (p *part) readMissing(out *tap.Output) error {
	const hint = "select the stream no more, or start again with another state"
	emptied := p.before
	emptied.Rows, emptied.Hash = 0, "missing"
	switch {
	case p.source.config.MissingTabs == "fail":
		return protocol.DataFault(hint, "%q is no longer in spreadsheet %q", p.title, p.book.title)
	case p.source.config.MissingTabs == "keep", p.before.Hash == emptied.Hash:
		out.Log().Warn("it was deleted from the spreadsheet; its rows stay as they are", "tab", p.title, "spreadsheet", p.book.title)
		out.Unchanged()
		return out.State(&p.before)
	}
	out.Log().Warn("it was deleted from the spreadsheet, so its rows are too", "tab", p.title, "spreadsheet", p.book.title)
	if err := out.SetColumns(tapColumns(p.before.Columns)); err != nil {
		return err
	}
	return out.State(&emptied)
}

// loadingTries is how often a tab is read again because formulas in it wait for other data, with waits that double from
// firstLoading.
const (
	loadingTries = 4
	firstLoading = 5 * time.Second
)

// readWhole reads all rows, again when the tab was changed meanwhile or some of its cells were not there yet. version is that of the file
// before the first of the rows was read.
func (p *part) readWhole(ctx context.Context, out *tap.Output, rows *spool) (version string, t *table, err error) {
	moved, edited := false, false
	for loads := 0; ; {
		version = p.book.version
		t, blocks, err := p.readOnce(ctx, out, rows)
		switch {
		case errors.Is(err, errMoved) && !moved:
			moved = true
			if err := p.relocate(ctx); err != nil {
				return "", nil, err
			}
			out.Log().Info("the tab was renamed or cut while it was read; it is read again")
			continue
		case err != nil:
			return "", nil, err
		case t.loading > 0 && loads == loadingTries:
			return "", nil, protocol.TransientFault("run again later, or see in the sheet what the formulas wait for", "%d cells are still loading", t.loading)
		case t.loading > 0:
			wait := firstLoading << loads
			loads++
			out.Log().Info("cells are still loading; the tab is read again", "cells", t.loading, "wait", wait)
			if err := sleep(ctx, wait); err != nil {
				return "", nil, err
			}
			continue
		case blocks < 2 || version == "" || p.source.run.Sample:
			return version, t, nil
		}
		file, err := p.source.file(ctx, p.book.id)
		if err != nil || file == nil {
			return version, t, err
		}
		p.book.version = strconv.FormatInt(file.Version, 10)
		if p.book.version == version {
			return version, t, nil
		}
		if edited {
			out.Log().Warn("the spreadsheet is being edited: some rows may be of before a change and others of after it; the next run reads it again")
			return version, t, nil
		}
		edited = true
		out.Log().Info("the spreadsheet was edited while it was read; it is read again")
	}
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// relocate looks where the part is now.
func (p *part) relocate(ctx context.Context) error {
	if err := p.book.look(ctx); err != nil {
		return err
	}
	tab := p.book.tab(p.tab.Properties.SheetId)
	if tab == nil {
		return protocol.DataFault("see whether it was deleted", "the tab %q is no longer there", p.tab.Properties.Title)
	}
	p.tab = tab
	if now := p.book.named(p.title); now != nil && now.id == p.id {
		p.rect = now.rect
	}
	return nil
}

// leastCells is when asking for less at a time is no longer of use.
const leastCells = 500

// readOnce reads all rows, block by block. A block that the API does not manage to send is asked for in halves.
// https://developers.google.com/workspace/sheets/api/limits
func (p *part) readOnce(ctx context.Context, out *tap.Output, rows *spool) (t *table, blocks int, err error) {
	if err := rows.reset(); err != nil {
		return nil, 0, err
	}
	r := p.grid()
	t = newTable(p, r)
	if r.empty() {
		return t, 0, nil
	}
	if p.reading.HiddenRows == "skip" {
		if t.hidden, err = p.hiddenRows(ctx, r); err != nil {
			return nil, 0, err
		}
	}
	size := max(1, p.source.cells/r.width())
	for row := r.row; row < r.endRow; {
		part := rect{row, min(row+size, r.endRow), r.column, r.endColumn}
		b, err := p.fetch(ctx, t, part)
		if err != nil && ctx.Err() == nil && tooMuch(err) && size > 1 && size*r.width() > leastCells {
			size /= 2
			out.Log().Info("the rows are asked for in smaller parts", "rows", size, "reason", err)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		blocks++
		if !t.named && len(b.head) > 0 {
			if err := t.begin(b); err != nil {
				return nil, 0, protocol.InStream(p.stream, err)
			}
		}
		if err := t.take(b, rows.add); err != nil {
			return nil, 0, err
		}
		if p.source.run.Sample && rows.rows > 0 {
			break
		}
		row = part.endRow
	}
	return t, blocks, nil
}

// tooMuch tells a failure that less at a time may avoid: the API's own, or an answer that broke off or was too large.
func tooMuch(err error) bool {
	var failed *rest.Failure
	return errors.Is(err, errLarge) || errors.As(err, &failed) && (failed.Status == 0 || failed.Status < 300 || failed.Status >= http.StatusInternalServerError)
}

// fetch asks for a block.
func (p *part) fetch(ctx context.Context, t *table, r rect) (*block, error) {
	b := t.block()
	fields := "effectiveValue,effectiveFormat.numberFormat(type,pattern)"
	if !t.named {
		fields += ",formattedValue"
	}
	for row, err := range p.rows(ctx, r, "rowData", ".values("+fields+")") {
		if err != nil {
			return nil, err
		}
		if err := b.add(r.row, row); err != nil {
			return nil, err
		}
		r.row++
	}
	return b, nil
}

// rows asks for a range. list is the field of its GridData that is wanted.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/get
func (p *part) rows(ctx context.Context, r rect, list, fields string) func(func([]byte, error) bool) {
	query := url.Values{"ranges": {r.a1(p.tab.Properties.Title)}, "fields": {"sheets.data." + list + fields}, "prettyPrint": {"false"}}
	return p.source.client.Rows(ctx, rest.List{Rows: []string{"sheets.data." + list},
		Request: rest.Request{Path: "v4/spreadsheets/" + url.PathEscape(p.book.id), Query: query, Endpoint: "v4/spreadsheets/{id}"}})
}

// hiddenRows are those that are hidden, by hand or by a filter.
func (p *part) hiddenRows(ctx context.Context, r rect) (map[int]bool, error) {
	hidden := map[int]bool{}
	first := r
	first.endColumn = first.column + 1
	row := r.row
	for raw, err := range p.rows(ctx, first, "rowMetadata", "(hiddenByUser,hiddenByFilter)") {
		if err != nil {
			return nil, err
		}
		var is struct {
			ByUser   bool `json:"hiddenByUser"`
			ByFilter bool `json:"hiddenByFilter"`
		}
		if len(raw) > len(`{}`) {
			if err := json.Unmarshal(raw, &is); err != nil {
				return nil, err
			}
		}
		if is.ByUser || is.ByFilter {
			hidden[row] = true
		}
		row++
	}
	return hidden, nil
}

// report says what a reader of the log should know of the tab.
func report(out *tap.Output, empty []string, columns int, rows int64) {
	switch {
	case columns == 0:
		out.Log().Warn("the tab is empty")
	case rows == 0:
		out.Log().Warn("the tab has a header and no rows")
	case len(empty) > 0:
		out.Log().Info("columns without any value are left out until they have one", "columns", empty)
	}
}

// keysWatched bounds what is remembered to find a key that comes twice.
const keysWatched = 1 << 20

// checkKey finds rows that have no key, and those whose key another one has.
func (p *part) checkKey(out *tap.Output, rows *spool, columns []column) error {
	if len(p.key) == 0 {
		return nil
	}
	place := make([]int, len(columns)) // in the key, from 1
	for i, name := range p.key {
		at := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		if at < 0 {
			return protocol.ConfigFault("correct key_properties: the columns are "+names(columns), "there is no column %q for the key", name)
		}
		place[at] = i + 1
	}
	seen := map[uint64]bool{}
	var key maphash.Hash
	parts := make([][]byte, len(p.key))
	twice, lacking := 0, 0
	err := rows.each(func(_, cells int, encoded []byte) error {
		clear(parts)
		for i := range cells {
			k, raw, rest := nextCell(encoded)
			if encoded = rest; place[i] > 0 && k != blank {
				parts[place[i]-1] = appendText(parts[place[i]-1][:0], columns[i].kind, k, raw, time.UTC)
			}
		}
		key.Reset()
		for _, part := range parts {
			if part == nil {
				lacking++
				return nil
			}
			key.Write(strconv.AppendInt(nil, int64(len(part)), 10))
			key.Write(part)
		}
		switch sum := key.Sum64(); {
		case seen[sum]:
			twice++
		case len(seen) < keysWatched:
			seen[sum] = true
		}
		return nil
	})
	if err != nil || twice+lacking == 0 {
		return err
	}
	if p.reading.OnDuplicateKey == "fail" {
		return protocol.DataFault("correct the sheet, or set on_duplicate_key to warn", "%d rows have the key of another row, %d have none", twice, lacking)
	}
	out.Log().Warn("rows have the key of an earlier row, which they replace, or none", "twice", twice, "without", lacking)
	return nil
}

func names(columns []column) string {
	var all []byte
	for i, c := range columns {
		if i > 0 {
			all = append(all, ", "...)
		}
		all = append(all, c.name...)
	}
	return string(all)
}

// A field is where the cells of a column go.
type field struct {
	member []byte // `,"name":`; nil where the column is not sent
	column kind
	keep   tap.Keep
}

// send sends every row.
func (p *part) send(out *tap.Output, rows *spool, columns []column) error {
	fields := make([]field, len(columns))
	for i, c := range columns {
		if keep := out.Keep(c.name); keep != tap.Dropped && c.kind != blank {
			fields[i] = field{append(rawjson.AppendStringLossy([]byte{','}, c.name), ':'), c.kind, keep}
		}
	}
	number := field{append(rawjson.AppendStringLossy([]byte{','}, rowNumberColumn), ':'), integer, out.Keep(rowNumberColumn)}
	constants := p.constants(out)
	zone := p.zone()
	var row, value []byte
	return rows.each(func(at, cells int, encoded []byte) error {
		row = row[:0]
		value = strconv.AppendInt(value[:0], int64(at), 10)
		switch number.keep {
		case tap.Dropped:
		case tap.Whole:
			row = append(append(row, number.member...), value...)
		default:
			row = tap.AppendKept(append(row, number.member...), number.keep, value)
		}
		row = append(row, constants...)
		for i := range fields {
			var k kind
			var raw []byte
			if i < cells {
				k, raw, encoded = nextCell(encoded)
			}
			f := &fields[i]
			switch {
			case f.member == nil:
				continue
			case k == blank:
				row = append(append(row, f.member...), "null"...)
			case f.keep == tap.Whole:
				row = appendValue(append(row, f.member...), f.column, k, raw, zone)
			default:
				value = appendText(value[:0], f.column, k, raw, zone)
				row = tap.AppendKept(append(row, f.member...), f.keep, value)
			}
		}
		return out.Row(row[min(1, len(row)):])
	})
}

// constants are the members that are the same in all rows, each with a comma in front.
func (p *part) constants(out *tap.Output) (members []byte) {
	add := func(name string, value []byte) {
		member := append(rawjson.AppendStringLossy([]byte{','}, name), ':')
		switch keep := out.Keep(name); keep {
		case tap.Dropped:
		case tap.Whole:
			members = append(append(members, member...), value...)
		default:
			members = tap.AppendKept(append(members, member...), keep, []byte(unquoted(value)))
		}
	}
	add(spreadsheetIDColumn, rawjson.AppendStringLossy(nil, p.book.id))
	add(sheetIDColumn, strconv.AppendInt(nil, p.tab.Properties.SheetId, 10))
	add(sheetNameColumn, rawjson.AppendStringLossy(nil, p.tab.Properties.Title))
	return members
}

// unquoted is the text of a JSON string; anything else is as it is.
func unquoted(value []byte) string {
	if len(value) == 0 || value[0] != '"' {
		return string(value)
	}
	plain, _ := rawjson.AppendUnquoted(nil, value)
	return string(plain)
}
