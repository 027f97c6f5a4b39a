package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// perList is how many entities an answer is asked for; clients do so, and an API that gives fewer is asked on.
const perList = 1000

// list completes the stream of a reference list, which GET /<name> gives whole, by these walks. Each of the queries is a part of it; none is
// all at once.
func (s *source) list(stream tap.Stream, walks []rest.Pager, queries ...url.Values) tap.Stream {
	stream.Disposition = protocol.Replace
	if len(queries) == 0 {
		queries = []url.Values{nil}
	}
	stream.Read = s.reading(stream.Columns, func(ctx context.Context, rows *rows) error {
		rows.Secrets, rows.MaskURLs = secrets(), true
		key, seen := byID("title", "url"), map[string]bool{}
		for _, query := range queries {
			idOf := func(row []byte) string { return string(key(rows, row)[0].Value) }
			came, total, err := s.api.Moving(ctx, rest.Moving{
				List:  rest.List{Request: rest.Request{Path: stream.Name, Query: query}, Rows: []string{"items"}},
				Walks: walks, Key: idOf,
			}, func(row []byte) error {
				id := idOf(row)
				if seen[id] {
					return nil
				}
				seen[id] = true
				return rows.Send(row, key(rows, row)...)
			})
			if err != nil {
				return err
			}
			if came < total {
				rows.out.Log().Warn("the list changes while it is read", "rows", total, "different", came)
			}
		}
		return nil
	})
	return stream
}

// dictionary completes the stream of what RedTrack has names for. It is the same for every account, and comes in one answer.
func (s *source) dictionary(stream tap.Stream) tap.Stream {
	stream.Disposition, stream.Unselected = protocol.Replace, true
	stream.Read = s.reading(stream.Columns, func(ctx context.Context, rows *rows) error {
		for row, err := range s.api.Rows(ctx, rest.List{Request: rest.Request{Path: stream.Name}}) {
			if err != nil {
				return err
			}
			if err := rows.Send(row); err != nil {
				return err
			}
		}
		return nil
	})
	return stream
}

// secrets are the members of lists that are left out: credentials of other systems, keys of certificates, and stat, whose numbers
// depend on the request.
func secrets() []string {
	return strings.Fields("access_token acme api_key apikey google_analytics_key integration_postback params password pixels pixels_relations postback_token secret ssl stat token")
}
