package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// File downloads: PostHog writes the events that it received in an interval to files. It is the way that PostHog means for bulk, and it
// bills it. See https://posthog.com/docs/data-pipelines/file-download-exports.

const (
	downloadSpan = 24 * time.Hour     // of one export; a week at the most is allowed
	queriesFor   = 7 * 24 * time.Hour // mode auto: what is newer is queried
	pollFirst    = time.Second
	pollLongest  = 30 * time.Second
	exportMost   = 2 * time.Hour
)

// download reads whole days by files as long as they lie far enough back, with a checkpoint after each. The events of a day that was
// cut come again.
func (r *reader) download(ctx context.Context, mode string, upper time.Time) error {
	first := r.at.At.IsZero()
	if mode == "auto" {
		// Files after queries would lack what arrived before with a time that had yet to come.
		if first && r.config.StartDate.IsZero() || !first && !r.at.Files {
			return nil
		}
		upper = upper.Add(-queriesFor)
	}
	upper = upper.Truncate(downloadSpan)
	from := r.at.At
	switch {
	case first && r.config.StartDate.IsZero():
		return protocol.ConfigFault("set start_date to the day of the first event", "file downloads go day by day from start_date, which is not given")
	case !first && !r.at.Files:
		from = from.Add(-r.config.Lookback).Truncate(downloadSpan)
	}
	if from.Before(r.config.StartDate) {
		from = r.config.StartDate.UTC()
	}
	rows, err := r.sender()
	if err != nil {
		return err
	}
	for from.Before(upper) {
		to := from.Truncate(downloadSpan).Add(downloadSpan)
		if r.run.Shard.Owns(from.Format(time.DateOnly)) {
			if err := r.export(ctx, from, to, rows); err != nil {
				return err
			}
		}
		from = to
		*r.at = position{At: to, Files: true}
		if err := r.save(); err != nil {
			return err
		}
	}
	rows.End()
	return nil
}

// export has one interval exported, and sends its events.
func (r *reader) export(ctx context.Context, from, to time.Time, rows *lenient.Sender) error {
	path, name := projectPath(r.project, "file_download_batch_exports"), endpoint("file_download_batch_exports")
	request := map[string]any{"model": "events", "file": map[string]any{"format": "JSONLines", "compression": "gzip"},
		"data_interval_start": from.Format(time.RFC3339Nano), "data_interval_end": to.Format(time.RFC3339Nano)}
	if len(r.config.EventNames) > 0 {
		request["include"] = r.config.EventNames
	}
	var run struct {
		ID     string   `json:"id"`
		Status string   `json:"status"`
		Files  []string `json:"files"`
	}
	if err := r.api.crud.JSON(ctx, &rest.Request{Path: path, Endpoint: name, Body: request}, &run); err != nil {
		return err
	}
	id := run.ID
	waited := time.Duration(0)
	for wait := pollFirst; waited < exportMost; wait = min(2*wait, pollLongest) {
		waited += wait
		if err := r.api.crud.JSON(ctx, &rest.Request{Path: path + url.PathEscape(id) + "/", Endpoint: name + "{run}/"}, &run); err != nil {
			return err
		}
		switch run.Status {
		case "Completed":
			return r.files(ctx, path+url.PathEscape(id)+"/", run.Files, rows)
		case "Cancelled", "Failed", "FailedRetryable", "Terminated", "TimedOut":
			return protocol.TransientFault("run again, or set events_mode to hogql", "PostHog's export of %s ended as %s", from.Format(time.DateOnly), run.Status)
		case "FailedBilling":
			return protocol.ConfigFault("see the project's billing, or set events_mode to hogql", "PostHog's export of %s ended as %s", from.Format(time.DateOnly), run.Status)
		}
		if err := tap.Sleep(ctx, wait); err != nil {
			return err
		}
	}
	return protocol.TransientFault("run again, or set events_mode to hogql", "PostHog's export of %s has not ended in %s", from.Format(time.DateOnly), exportMost)
}

// files sends the events of an export. The address of a file holds for a short time: one that has expired is asked for once more.
func (r *reader) files(ctx context.Context, path string, files []string, rows *lenient.Sender) error {
	for _, file := range files {
		for again := false; ; again = true {
			address, err := r.api.crud.Redirect(ctx, &rest.Request{Path: path + "download/" + url.PathEscape(file) + "/", Endpoint: endpoint("file_download_batch_exports") + "{run}/download/{part}/"})
			if err != nil {
				return err
			}
			err = r.file(ctx, address, rows)
			if rest.Status(err) == http.StatusForbidden && !again {
				continue
			}
			if err != nil {
				return fmt.Errorf("part %s of an export: %w", file, err)
			}
			break
		}
	}
	return nil
}

// file sends the events of one file. Objects stand in it as JSON text, or as they are.
func (r *reader) file(ctx context.Context, address string, rows *lenient.Sender) error {
	var scanner rawjson.Scanner
	var spelt encoder
	for line, err := range r.api.crud.Rows(ctx, rest.List{Request: rest.Request{Elsewhere: address}, Lines: true}) {
		if err != nil {
			return err
		}
		fields, err := scanner.Fields(line)
		if err != nil {
			return protocol.DataFault("report it to PostHog", "a line is no JSON object: %w", err)
		}
		event := append(spelt.object[:0], '{')
		for i, field := range fields {
			if i > 0 {
				event = append(event, ',')
			}
			event = append(rawjson.AppendStringLossy(event, field.Name), ':')
			if name := string(field.Name); strings.HasSuffix(name, "properties") {
				event = spelt.appendSpelt(event, field.Value)
			} else {
				event = append(event, field.Value...)
			}
		}
		spelt.object = append(event, '}')
		if err := rows.Send(spelt.object, ofProject(r.project)); err != nil {
			return err
		}
	}
	return nil
}
