package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// read sends the rows of a part, unless they are those of the last run. Nothing goes out before all of them are there.
func (p *part) read(ctx context.Context, out *tap.Output) (err error) {
	switch {
	case p.missing:
		return p.readMissing(out)
	case p.book.left:
		out.Log().Info("it is left out: the last change of the spreadsheet lies outside of start_date and end_date")
		out.Unchanged()
		return nil
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
	if err := t.refuse(rows.rows); err != nil && !p.source.run.Sample { // which has read no more than a block
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
func (p *part) shape(out *tap.Output, columns []kinds.Column) string {
	hash := sha256.New()
	r := &p.reading
	fmt.Fprintf(hash, "%q %q %v %q %q %q %q %q %q %q\n", p.source.config.ClientID, p.key, p.header(), r.HiddenRows, r.MergedCells, r.ErrorValues, r.Types, p.zone(), r.ColumnNames, r.ColumnMap)
	for _, c := range ownColumns {
		fmt.Fprintf(hash, "%q %d %d\n", c.Name, kinds.Blank, out.Keep(c.Name))
	}
	for _, c := range columns {
		fmt.Fprintf(hash, "%q %d %d\n", c.Name, c.Kind, out.Keep(c.Name))
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
			if err := tap.Sleep(ctx, wait); err != nil {
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
