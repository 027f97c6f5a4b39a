package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// The limits. Conversions, tracks and report have 20 points a minute each, and two requests a second; a request often costs two points, see
// hold. Of the lists the reference says nothing.
var (
	listLimits = rest.Limits{Parallel: 1, Rates: []rest.Rate{{Requests: 5, Per: time.Second}}}
	logLimits  = rest.Limits{Parallel: 1, Rates: []rest.Rate{{Requests: 20, Per: time.Minute}, {Requests: 2, Per: time.Second}}}
)

// A source is the tap with its settings.
type source struct {
	config *Config
	run    *tap.Run
	zone   *time.Location
	api    *rest.Client // of the lists
	// Each has limits of its own.
	conversions, tracks, reports *rest.Client
}

func open(config *Config, run *tap.Run) (*tap.Source, error) {
	problems := run.Problems()
	zone := config.check(problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	api, err := rest.New(run, &config.HTTPSettings, rest.API{Name: "RedTrack", Base: "https://api.redtrack.io",
		Auth: auth.Query("api_key", config.APIKey), Limits: listLimits, Judge: judge, Hold: hold})
	if err != nil {
		return nil, err
	}
	s := &source{config: config, run: run, zone: zone, api: api, conversions: api.Within(logLimits), tracks: api.Within(logLimits), reports: api.Within(logLimits)}
	return &tap.Source{Check: s.check, Streams: s.streams, Close: api.Close}, nil
}

// judge adds what RedTrack means by some answers.
func judge(f *rest.Failure, v *rest.Verdict) {
	if f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden {
		v.Fault.Hint = "make a new key in RedTrack, Tools, Integrations, and see that the plan includes the API"
	}
}

// hold waits for the minute's end when there is no room left for a request that costs two points.
func hold(header http.Header) time.Duration {
	left, err := strconv.Atoi(header.Get("X-Ratelimit-Remaining-Minute"))
	seconds, err2 := strconv.Atoi(header.Get("Ratelimit-Reset"))
	if err != nil || err2 != nil || left > 1 {
		return 0
	}
	return min(time.Minute, time.Duration(seconds)*time.Second)
}

// check asks for one campaign, which shows that the key reads.
func (s *source) check(ctx context.Context) error {
	var rows json.RawMessage
	return s.api.JSON(ctx, &rest.Request{Path: "campaigns", Query: url.Values{"page": {"1"}, "per": {"1"}}}, &rows)
}

// streams declares all of them.
func (s *source) streams(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
	page := rest.Numbered{Param: "page", SizeParam: "per", Size: perList, First: 1}
	paged := []rest.Pager{page, page, page} // again while rows move
	once := []rest.Pager{nil}
	streams := []tap.Stream{
		s.daily(tap.Typed[Conversion](tap.Stream{Name: "conversions", Description: "Conversions, read again while they may change"}),
			daily{api: s.conversions, path: "conversions", per: 10000, lookback: 30, total: "total", key: byID("clickid", "type", "event", "conv_time")}),
		s.daily(tap.Typed[Click](tap.Stream{Name: "clicks", Description: "Clicks; RedTrack calls them tracks"}),
			daily{api: s.tracks, path: "tracks", per: 10000, lookback: 3, total: "total", key: byID("track_time", "campaign_id", "fingerprint", "ip", "ref_id")}),
		s.list(tap.Typed[Campaign](tap.Stream{Name: "campaigns"}), paged),
		s.list(tap.Typed[Offer](tap.Stream{Name: "offers"}), paged),
		// Whether landings without a type are all of them is not documented.
		s.list(tap.Typed[Landing](tap.Stream{Name: "landings"}), paged, url.Values{"type": {"landing"}}, url.Values{"type": {"prelanding"}}),
		s.list(tap.Typed[Network](tap.Stream{Name: "networks", Description: "Offer sources and brands"}), paged),
		s.list(tap.Typed[Source](tap.Stream{Name: "sources", Description: "Traffic channels"}), paged),
		s.list(tap.Typed[Flow](tap.Stream{Name: "streams", Description: "Landings and offers that campaigns share"}), paged),
		s.list(tap.Typed[Domain](tap.Stream{Name: "domains"}), paged),
		s.list(tap.Typed[Script](tap.Stream{Name: "scripts", Description: "Tracking scripts of websites"}), once),
		s.dictionary(tap.Typed[Browser](tap.Stream{Name: "browsers"})),
		s.dictionary(tap.Typed[Category](tap.Stream{Name: "categories", Description: "Categories of offers"})),
		s.dictionary(tap.Typed[City](tap.Stream{Name: "cities"})),
		s.dictionary(tap.Typed[Country](tap.Stream{Name: "countries"})),
		s.dictionary(tap.Typed[Currency](tap.Stream{Name: "currencies", Description: "Currencies with their rates of exchange"})),
		s.dictionary(tap.Typed[Device](tap.Stream{Name: "devices"})),
		s.dictionary(tap.Typed[Language](tap.Stream{Name: "languages"})),
		s.dictionary(tap.Typed[OperatingSystem](tap.Stream{Name: "os", Description: "Operating systems"})),
	}
	reports := map[string][]string{"report_daily": {"campaign"}, "report_daily_offer": {"offer"}, "report_daily_source": {"source"}, "report_daily_landing": {"landing"}}
	maps.Copy(reports, s.config.Reports)
	for _, name := range slices.Sorted(maps.Keys(reports)) {
		if slices.ContainsFunc(streams, func(other tap.Stream) bool { return other.Name == name }) {
			return nil, protocol.ConfigFault("give it another name", "setting reports: there is a stream %q already", name)
		}
		stream, err := s.report(name, reports[name])
		if err != nil {
			return nil, protocol.InStream(name, err)
		}
		streams = append(streams, stream)
	}
	if s.config.IncludePII {
		for _, stream := range streams {
			for i := range stream.Columns {
				stream.Columns[i].Unselected = stream.Columns[i].Unselected && stream.Columns[i].Name == readAt
			}
		}
	}
	return streams, nil
}
