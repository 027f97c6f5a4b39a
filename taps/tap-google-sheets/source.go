package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// readsPerMinute is what Sheets allows an account at first. All requests of one service account count together.
// https://developers.google.com/workspace/sheets/api/limits
const readsPerMinute = 60

// A source is Google Sheets and Drive during one run.
type source struct {
	config      *Config
	run         *tap.Run
	credentials *Credentials
	client      *rest.Client // of Sheets
	sheets      *sheets.Service
	drive       *drive.Service
	noDrive     bool // Drive has refused to tell
	cells       int  // asked for at a time
}

// opener makes the source for a tap that asks for so many cells at a time.
func opener(cells int) func(*Config, *tap.Run) (*tap.Source, error) {
	return func(config *Config, run *tap.Run) (*tap.Source, error) {
		if err := config.check(run); err != nil {
			return nil, err
		}
		credentials, err := config.credentials(run)
		if err != nil {
			return nil, err
		}
		s := &source{config: config, run: run, credentials: credentials, cells: cells}
		if err := s.connect(); err != nil {
			return nil, err
		}
		return &tap.Source{Check: s.check, Streams: s.declare, Close: s.client.Close}, nil
	}
}

func (s *source) connect() (err error) {
	settings := s.config.HTTPSettings
	if settings.UserAgent == "" {
		settings.UserAgent = s.run.Name + "/" + s.run.Version
	}
	// Google compresses for those alone whose name says so: https://developers.google.com/workspace/drive/api/guides/performance#gzip
	settings.UserAgent += " (gzip)"
	reads := max(readsPerMinute, settings.RequestsPerMinute) // Google grants more to who asks
	s.client, err = rest.New(s.run, &settings, rest.API{Name: "Google", Base: "https://sheets.googleapis.com", Auth: s.credentials,
		Limits: rest.Limits{Rates: []rest.Rate{{Requests: reads, Per: time.Minute}}}, Judge: s.judge})
	if err != nil {
		return err
	}
	// No user comes near to the limits of Drive: https://developers.google.com/workspace/drive/api/guides/limits
	files := s.client.Within(rest.Limits{})
	address := "https://www.googleapis.com/drive/v3/"
	if s.config.BaseURL != "" {
		address = s.client.Root() + "/drive/v3/"
	}
	ctx := context.Background() // neither call uses it
	if s.sheets, err = sheets.NewService(ctx, option.WithHTTPClient(s.client.HTTP()), option.WithEndpoint(s.client.Root()+"/")); err != nil {
		return err
	}
	s.drive, err = drive.NewService(ctx, option.WithHTTPClient(files.HTTP()), option.WithEndpoint(address))
	return err
}

// check asks for one spreadsheet's title, or for one file where Drive is to find them.
func (s *source) check(ctx context.Context) error {
	if len(s.config.Spreadsheets) == 0 {
		_, err := s.drive.Files.List().PageSize(1).Fields("files(id)").Context(ctx).Do()
		return s.explain(err)
	}
	_, err := s.sheets.Spreadsheets.Get(s.config.Spreadsheets[0]).Fields("spreadsheetId").Context(ctx).Do()
	return inSpreadsheet(s.config.Spreadsheets[0], s.explain(err))
}

// inSpreadsheet says which spreadsheet an error is about.
func inSpreadsheet(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("spreadsheet %s: %w", name, err)
}

// declare looks at every spreadsheet. One that cannot be looked at fails the run at once, unless the last run knew it: then its streams
// fail, and the others are read.
func (s *source) declare(ctx context.Context, before func(string) json.RawMessage) ([]tap.Stream, error) {
	ids, err := s.spreadsheets(ctx)
	if err != nil {
		return nil, err
	}
	var parts []*part
	var failed []tap.Stream
	for _, id := range ids {
		b, err := s.open(ctx, id)
		if err != nil {
			err = inSpreadsheet(id, err)
			streams := s.failing(id, err)
			if len(streams) == 0 || ctx.Err() != nil {
				return nil, err
			}
			failed = append(failed, streams...)
			continue
		}
		found, err := s.parts(b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, found...)
		parts = append(parts, s.missingParts(b, found)...)
	}
	s.nameStreams(parts, failed)
	parts = slices.DeleteFunc(parts, func(p *part) bool { return p.stream == "" }) // a missing one whose name another part has now
	var unknown []*part
	for _, p := range parts {
		if p.before, err = readBookmark(before(p.stream)); err != nil {
			return nil, protocol.InStream(p.stream, err)
		}
		if p.before.Part != p.id { // of another tab, which had the name
			p.before = bookmark{}
		}
		if p.before.Title != "" && p.before.Title != p.title {
			s.run.Log.Info("the tab has another name; its stream keeps the one it had", "stream", p.stream, "tab", p.title, "before", p.before.Title)
		}
		if p.columns = p.before.Columns; len(p.columns) == 0 && !p.missing && !p.unselected {
			unknown = append(unknown, p)
		}
	}
	if err := s.sample(ctx, unknown); err != nil {
		return nil, err
	}
	if len(parts) == 0 && len(failed) == 0 {
		return nil, protocol.ConfigFault("check spreadsheets, streams and drive_query, and with whom the spreadsheets are shared", "there is nothing to read")
	}
	var streams []tap.Stream
	for _, p := range parts {
		streams = append(streams, p.declare())
	}
	return append(streams, failed...), nil
}

// spreadsheets are those of the settings and those that Drive finds, each once.
func (s *source) spreadsheets(ctx context.Context) ([]string, error) {
	ids := slices.Clone(s.config.Spreadsheets)
	if s.config.DriveQuery != "" {
		query := "mimeType='" + nativeType + "' and trashed=false"
		if s.config.DriveQuery != "all" {
			query += " and (" + s.config.DriveQuery + ")"
		}
		// https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list
		err := s.drive.Files.List().Q(query).Corpora("allDrives").OrderBy("createdTime").PageSize(1000).SupportsAllDrives(true).IncludeItemsFromAllDrives(true).
			Fields("nextPageToken,incompleteSearch,files(id)").Pages(ctx, func(page *drive.FileList) error {
			if page.IncompleteSearch {
				return protocol.TransientFault("run again later, or name the spreadsheets", "Drive has not searched all of its files")
			}
			for _, file := range page.Files {
				ids = append(ids, file.Id)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("drive_query: %w", s.explain(err))
		}
	}
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once, nil
}

// nativeType is that of a spreadsheet of Google's; one of Office's can be shown by Sheets, but not read.
const nativeType = "application/vnd.google-apps.spreadsheet"

// file asks Drive about a spreadsheet; nil where Drive does not tell. Its version rises with every change.
// https://developers.google.com/workspace/drive/api/reference/rest/v3/files
func (s *source) file(ctx context.Context, id string) (*drive.File, error) {
	if s.config.ChangeDetection == "off" && s.config.StartDate.IsZero() && s.config.EndDate.IsZero() || s.noDrive {
		return nil, nil
	}
	file, err := s.drive.Files.Get(id).SupportsAllDrives(true).Fields("mimeType,modifiedTime,version,trashed").Context(ctx).Do()
	if err == nil {
		return file, nil
	}
	var failed *googleapi.Error
	if !errors.As(err, &failed) || failed.Code != http.StatusForbidden && failed.Code != http.StatusNotFound {
		return nil, s.explain(err)
	}
	if err = s.explain(err); failed.Code == http.StatusNotFound { // Sheets may know it, or will say what is wrong
		return nil, nil
	}
	s.noDrive = true
	s.run.Log.Warn("Drive does not tell when spreadsheets change: all are read in every run; start_date and end_date have no effect", "reason", err)
	return nil, nil
}

// open looks at a spreadsheet.
func (s *source) open(ctx context.Context, id string) (*book, error) {
	file, err := s.file(ctx, id)
	if err != nil {
		return nil, err
	}
	b := &book{source: s, id: id}
	if file != nil {
		switch changed, err := time.Parse(time.RFC3339, file.ModifiedTime); {
		case file.MimeType != nativeType && file.MimeType != "":
			return nil, protocol.ConfigFault(saveAsSheet, "it is no spreadsheet of Google's but a file of type %s", file.MimeType)
		case err == nil && (changed.Before(s.config.StartDate) || !s.config.EndDate.IsZero() && !changed.Before(s.config.EndDate)):
			b.left = true
		case file.Trashed:
			s.run.Log.Warn("the spreadsheet lies in the trash, and will be gone in a month", "spreadsheet", id)
		}
		b.version = strconv.FormatInt(file.Version, 10)
	}
	return b, b.look(ctx)
}

// look reads what there is beside cells.
func (b *book) look(ctx context.Context) error {
	fields := "properties(title,timeZone,defaultFormat(numberFormat(type,pattern))),namedRanges,sheets(properties(sheetId,title,sheetType,hidden," +
		"gridProperties(rowCount,columnCount,frozenRowCount)),merges,tables(tableId,name,range))"
	found, err := b.source.sheets.Spreadsheets.Get(b.id).Fields(googleapi.Field(fields)).Context(ctx).Do()
	if err != nil {
		return b.source.explain(err)
	}
	if found.Properties == nil {
		return protocol.ConfigFault("is base_url the address of Google's API?", "the answer is no spreadsheet")
	}
	b.title, b.tabs, b.namedRanges = found.Properties.Title, found.Sheets, found.NamedRanges
	zone, err := loadZone(found.Properties.TimeZone)
	if err != nil || zone == nil {
		b.source.run.Log.Warn("the spreadsheet's time zone is not known; its times are taken as UTC", "spreadsheet", b.title, "zone", found.Properties.TimeZone)
		zone = time.UTC
	}
	b.zone = zone
	if format := found.Properties.DefaultFormat; format != nil && format.NumberFormat != nil {
		b.format, b.pattern = format.NumberFormat.Type, format.NumberFormat.Pattern
	}
	return nil
}

// failing are the streams of a spreadsheet that the last run knew and this one cannot open.
func (s *source) failing(id string, err error) []tap.Stream {
	var streams []tap.Stream
	for stream, raw := range s.run.Known() {
		before, damaged := readBookmark(raw)
		if damaged != nil || !strings.HasPrefix(before.Part, id+"/") {
			continue
		}
		streams = append(streams, tap.Stream{Name: stream, Columns: tapColumns(before.Columns), Key: []string{rowNumberColumn}, Late: true, Whole: true,
			Disposition: protocol.Replace, Read: func(context.Context, *tap.Output) error { return protocol.InStream(stream, err) }})
	}
	return streams
}
