package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A source is one Mautic during one run.
type source struct {
	config *Config
	run    *tap.Run
	client *rest.Client
	now    time.Time // by Mautic's clock, from before the first row was asked for
	major  int       // of Mautic's version; 0 when it does not say
}

func open(config *Config, run *tap.Run) (*tap.Source, error) {
	problems := run.Problems()
	config.check(problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	s := &source{config: config, run: run}
	// Mautic boxes are small, and every page costs a COUNT.
	api := rest.API{Name: "Mautic", Limits: rest.Limits{Parallel: 2}, MaxWait: 2 * time.Hour, Judge: s.judge, Hold: hold}
	config.HTTPSettings.BaseURL = root(config.BaseURL)
	if config.Username != "" {
		api.Auth = auth.Basic(config.Username, config.Password)
	} else {
		api.Auth = auth.NewTokens(auth.OAuth2{TokenURL: root(config.BaseURL) + "/oauth/v2/token", ClientID: config.OAuthClientID,
			ClientSecret: config.OAuthClientSecret, CacheFile: config.TokenCache, Log: run.Log})
	}
	var err error
	if s.client, err = rest.New(run, &config.HTTPSettings, api); err != nil {
		return nil, err
	}
	return &tap.Source{Check: s.check, Streams: s.streams, Close: s.client.Close}, nil
}

// check asks for one contact: it takes the credentials, the API and the permission that most streams need.
func (s *source) check(ctx context.Context) error {
	var answer struct{ Contacts json.RawMessage }
	request := question("contacts", nil, []string{"id"}, 1)
	return s.client.JSON(ctx, &request, &answer)
}

// streams are those that this Mautic has.
func (s *source) streams(ctx context.Context, _ func(string) json.RawMessage) ([]tap.Stream, error) {
	tables, err := s.meet(ctx)
	if err != nil {
		return nil, err
	}
	var declared []tap.Stream
	for _, l := range append(entities(s.config), statistics(s.config)...) {
		table, ok := strings.CutPrefix(l.path, "stats/")
		if ok && !slices.Contains(tables, table) || s.major > 0 && s.major < l.min {
			continue
		}
		if l.custom != "" {
			custom, err := s.customFields(ctx, &l)
			if err != nil {
				return nil, err
			}
			l.stream.Columns, l.customs = append(l.stream.Columns, custom...), len(custom)
		}
		l.size = min(cmp.Or(l.size, s.config.PageSize), s.config.PageSize)
		if ok {
			l.size = s.config.StatsPageSize
		}
		if s.run.Sample {
			l.size = 1
		}
		l.stream.Whole = !l.parted
		l.stream.Read = s.read(&l)
		declared = append(declared, l.stream)
	}
	return declared, nil
}

// meet asks for the tables of statistics, and learns Mautic's clock and version on the way.
func (s *source) meet(ctx context.Context) (tables []string, err error) {
	var answer struct {
		AvailableTables []string `json:"availableTables"`
	}
	var header http.Header
	for page, err := range s.client.Pages(ctx, rest.List{Request: rest.Request{Path: "api/stats"}}) {
		if err != nil {
			return nil, err
		}
		header = page.Header
		if len(page.Rows) != 1 || json.Unmarshal(page.Rows[0], &answer) != nil {
			break
		}
	}
	if answer.AvailableTables == nil {
		return nil, protocol.ConfigFault("is base_url the address of a Mautic?", "api/stats: the answer names no tables")
	}
	s.now = s.run.Start
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		s.now = date.UTC()
	}
	version := header.Get("Mautic-Version")
	major, _, _ := strings.Cut(version, ".")
	s.major, _ = strconv.Atoi(major)
	s.run.Log.Info("connected", "mautic", version)
	if s.major > 0 && (s.major < 3 || s.major > 7) {
		s.run.Log.Warn("this version of Mautic is not one of 3 to 7, which the tap was written for")
	}
	return answer.AvailableTables, nil
}

const noPermission = "give the role of the API's user the permission to view this, or leave the stream out by the setting select"

// judge knows Mautic's errors. Their words are in the language of the server, so the type counts.
//
// https://devdocs.mautic.org/en/latest/rest_api/getting_started.html
func (s *source) judge(f *rest.Failure, v *rest.Verdict) {
	code, kind := errorOf(f.Body)
	config := func(hint string) {
		*v = rest.Verdict{Fault: &protocol.Fault{Kind: protocol.Config, Hint: hint, Err: f}}
	}
	switch {
	case f.Status < 300 && code == http.StatusForbidden:
		f.Status = code // statistics say so with status 200
		config(noPermission)
	case f.Status < 300 && code != 0:
		*v = rest.Verdict{Fault: protocol.DataFault("report this: Mautic did not understand the question", "%w", f)}
	case f.Status == http.StatusTooManyRequests:
		v.Wait = cmp.Or(v.Wait, untilReset(f.Header, time.Now()))
	case kind == "invalid_client":
		config("check oauth_client_id and oauth_client_secret: the public and the secret key under Settings, API Credentials")
	case kind == "unauthorized_client":
		config("make the API credentials anew while logged in as an administrator: for others Mautic does not allow client credentials")
	case kind == "unsupported_grant_type", f.Status == http.StatusBadRequest && kind == "invalid_grant":
		config("this Mautic knows no client credentials, which came with 4.0: use username and password")
	case kind == "api_disabled":
		config("enable the API in Mautic under Configuration, API Settings")
	case f.Status == http.StatusForbidden && kind == "access_denied" && s.config.Username != "":
		config("enable HTTP basic authentication in Mautic under Configuration, API Settings, or use API credentials")
	case f.Status == http.StatusUnauthorized && kind == "access_denied" && s.config.Username == "":
		v.Fault.Hint = "the token did not arrive: the web server may have to be told to pass the header Authorization on; " + v.Fault.Hint
	case f.Status == http.StatusUnauthorized && s.config.Username != "":
		v.Fault.Hint = "check username and password, and that the user's role may use the API"
	case f.Status == http.StatusForbidden && f.HTML:
		config("a firewall in front of Mautic may refuse brackets in addresses: let /api pass")
	case f.Status == http.StatusForbidden:
		v.Fault.Hint = noPermission
	}
}

// errorOf is the code and the type of the first error in an answer: those of today's form, or of the old {"error":…}.
func errorOf(body []byte) (code int, kind string) {
	type said struct {
		Code int    `json:"code"`
		Type string `json:"type"`
	}
	var answer struct {
		Errors []said          `json:"errors"`
		Error  json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return 0, ""
	}
	if len(answer.Errors) > 0 {
		return cmp.Or(answer.Errors[0].Code, -1), answer.Errors[0].Type
	}
	var old said
	if json.Unmarshal(answer.Error, &kind) != nil && json.Unmarshal(answer.Error, &old) == nil {
		return old.Code, old.Type
	}
	return 0, kind
}

// hold waits for the next hour when the rate limiter has none left in this one.
func hold(header http.Header) time.Duration {
	if header.Get("X-RateLimit-Remaining") != "0" {
		return 0
	}
	return untilReset(header, time.Now())
}

// untilReset is how long the rate limiter of Mautic up to 6 says that it lasts. It counts by the hour.
func untilReset(header http.Header, now time.Time) time.Duration {
	at, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(time.Second, time.Unix(at, 0).Sub(now)+time.Second)
}
