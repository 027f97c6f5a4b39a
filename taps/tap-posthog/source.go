package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A source is PostHog during one run.
type source struct {
	config *Config
	run    *tap.Run
	api    *api
}

func open(config *Config, run *tap.Run) (*tap.Source, error) {
	api, err := newAPI(config, run)
	if err != nil {
		return nil, err
	}
	s := &source{config: config, run: run, api: api}
	return &tap.Source{
		Check:   api.check,
		Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) { return s.streams(), nil },
		Close:   api.crud.Close,
	}, nil
}

// eventsMode settles how events are read. auto stays only where files may be taken: the key names the scope for it, as one that may do
// everything says nothing of its owner's wish to be billed. A server that does not tell of keys may be so old that it has nothing
// but the list.
func (s *source) eventsMode(ctx context.Context) (string, error) {
	if s.config.EventsMode != "auto" {
		return s.config.EventsMode, nil
	}
	scopes, err := s.api.scopes(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case slices.Contains(scopes, "batch_export:write"):
		return "auto", nil
	case len(scopes) > 0:
		return "hogql", nil
	}
	projects, err := s.api.visible(ctx)
	if err != nil {
		return "", err
	}
	for _, err := range s.api.queries.Rows(ctx, query(projects[0], "SELECT 1")) {
		if rest.Status(err) == http.StatusNotFound {
			return "rest", nil
		}
	}
	return "hogql", nil
}
