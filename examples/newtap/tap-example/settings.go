package main

import (
	"net/http"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// Config is what tap-example can be told.
type Config struct {
	tap.Settings `required:"start_date"` // the API does not tell how far back its orders go

	APIKey string `json:"api_key" secret:"" required:"" help:"Key of Example's API, with read scope."`
	tap.RestatedWindows
	tap.HTTPSettings
}

// open makes the client.
func open(config *Config, run *tap.Run) (*tap.Source, error) {
	api, err := rest.New(run, &config.HTTPSettings, rest.API{
		Name:   "Example",
		Base:   "https://api.example.com/v1",
		Auth:   auth.Bearer(config.APIKey),
		Limits: rest.Limits{Rates: []rest.Rate{{Requests: 120, Per: time.Minute}}, Parallel: 4},
		Judge:  judge,
	})
	if err != nil {
		return nil, err
	}
	s := &source{config: config, run: run, api: api}
	return &tap.Source{Check: s.check, Streams: s.streams, Close: api.Close}, nil
}

// judge knows what Example's own error codes mean.
func judge(f *rest.Failure, v *rest.Verdict) {
	if f.Status == http.StatusForbidden && rest.Text(rest.Member(f.Body, "code")) == "missing_scope" {
		v.Fault = protocol.ConfigFault("make a key with read scope", "%w", f)
	}
}
