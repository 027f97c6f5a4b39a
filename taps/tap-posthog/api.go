package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// An api is PostHog's, with the four families of requests that it counts apart. See https://posthog.com/docs/api#rate-limiting.
type api struct {
	crud       *rest.Client // what lies in PostgreSQL
	clickhouse *rest.Client
	persons    *rest.Client
	queries    *rest.Client
	config     *Config
	projects   []int64 // of the settings; none: all that the key may see
}

func newAPI(config *Config, run *tap.Run) (*api, error) {
	if err := config.check(run); err != nil {
		return nil, err
	}
	settings := config.HTTPSettings
	settings.BaseURL = baseURL(config.BaseURL)
	crud, err := rest.New(run, &settings, rest.API{Name: "PostHog", Auth: auth.Bearer(config.APIKey), Judge: judge, Hold: hold, MaxWait: config.MaxWait, Limits: perMinuteAndHour(480, 4800)})
	if err != nil {
		return nil, err
	}
	queries := perMinuteAndHour(240, 2400)
	queries.Parallel = queriesAtOnce
	return &api{config: config, projects: config.ProjectID, crud: crud, clickhouse: crud.Within(perMinuteAndHour(240, 1200)),
		persons: crud.Within(perMinuteAndHour(240, 0)), queries: crud.Within(queries)}, nil
}

// queriesAtOnce is how many queries are under way: of three, which all who use the project share.
const queriesAtOnce = 2

func perMinuteAndHour(minute, hour int) rest.Limits {
	limits := rest.Limits{Rates: []rest.Rate{{Requests: minute, Per: time.Minute}}}
	if hour > 0 {
		limits.Rates = append(limits.Rates, rest.Rate{Requests: hour, Per: time.Hour})
	}
	return limits
}

const queryEndpoint = "projects/{project}/query/"

var (
	waitShape  = regexp.MustCompile(`available in ([0-9]+) second`)
	scopeShape = regexp.MustCompile(`scope '([a-z_]+:[a-z]+)'`)
)

// judge reads PostHog's own words. See https://posthog.com/docs/api#responses.
func judge(f *rest.Failure, v *rest.Verdict) {
	said := f.Message()
	switch {
	case tooHeavy(f):
		v.Fault.Hint = "run again later: the next run goes on from here; if it stays so, narrow event_names, or set events_mode to file_download"
	case f.Status == http.StatusUnauthorized:
		v.Fault.Hint = "make a personal API key (phx_…) in PostHog's settings, and see that base_url is the region of the project: https://us.posthog.com or https://eu.posthog.com; " + v.Fault.Hint
	case f.Status == http.StatusPaymentRequired:
		v.Fault.Hint = "the organization's plan or quota does not allow it; leave the stream out with the setting select"
	case f.Status == http.StatusForbidden:
		v.Fault.Hint = "let the personal API key see the project, or set project_id to those that it may see"
		if scope := scopeShape.FindStringSubmatch(said); scope != nil {
			v.Fault.Hint = "give the personal API key the scope " + scope[1] + ", or leave the stream out with the setting select"
		}
	case f.Status == http.StatusNotFound:
		v.Fault.Hint = "check project_id, and that the key may see the project; an older server may not have the stream, which select can leave out"
	case f.Status == http.StatusTooManyRequests && v.Wait == 0:
		// An ordinary limit is told in words alone.
		if seconds := waitShape.FindStringSubmatch(said); seconds != nil {
			n, _ := strconv.Atoi(seconds[1])
			v.Wait = time.Duration(max(n, 1)) * time.Second
		}
	}
}

// hold slows queries down to one a minute while another two such as the last one would use up the bytes that PostHog lets a key read: what
// is left then is for others who use it. How large the budget is, and how fast it fills, is not said.
func hold(header http.Header) time.Duration {
	read, err := strconv.ParseInt(header.Get("X-PostHog-Query-Bytes-Read"), 10, 64)
	left, err2 := strconv.ParseInt(header.Get("X-PostHog-Query-Budget-Remaining-Bytes"), 10, 64)
	if err != nil || err2 != nil || left > 2*read {
		return 0
	}
	return time.Minute
}

// tooHeavy tells whether a query takes too long or too much memory, so that a smaller one may succeed.
func tooHeavy(err error) bool {
	var f *rest.Failure
	return errors.As(err, &f) && f.Endpoint == queryEndpoint && (f.Status == http.StatusGatewayTimeout || f.Status == 512)
}

// divisible is a query that smaller ones stand in for where it is too heavy, so that it is not sent again as it is.
func divisible(list rest.List) rest.List {
	list.Request.Judge = func(f *rest.Failure, v *rest.Verdict) { v.Retry = v.Retry && !tooHeavy(f) }
	return list
}

// query asks for the rows of a HogQL query. Neither a cached answer nor the project's zone may come into it.
func query(project int64, text string) rest.List {
	return rest.List{Rows: []string{"results"}, Request: rest.Request{
		Path: projectPath(project, "query"), Endpoint: queryEndpoint,
		Body: map[string]any{
			"query":   map[string]any{"kind": "HogQLQuery", "query": text, "modifiers": map[string]any{"convertToProjectTimezone": false}},
			"refresh": "force_blocking",
			"name":    "tap-posthog",
		},
	}}
}

// projectPath is the path of a project's resource. The slash at its end matters: without it PostHog redirects, and a POST is lost.
func projectPath(project int64, resource string) string {
	return fmt.Sprintf("api/projects/%d/%s/", project, resource)
}

// endpoint is a resource in logs and metrics.
func endpoint(resource string) string { return "projects/{project}/" + resource + "/" }

// check sees that the key is known, and that it may see the projects.
func (a *api) check(ctx context.Context) error {
	scopes, err := a.scopes(ctx)
	if err != nil {
		return err
	}
	projects, err := a.visible(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(scopes, "*") || slices.Contains(scopes, "project:read") || slices.Contains(scopes, "project:write") {
		for _, id := range projects {
			var project json.RawMessage
			request := &rest.Request{Path: fmt.Sprintf("api/projects/%d/", id), Endpoint: "projects/{project}/"}
			if err := a.crud.JSON(ctx, request, &project); err != nil {
				return err
			}
		}
	}
	return nil
}

// scopes are what the key may do. An old server does not tell, and then there are none.
func (a *api) scopes(ctx context.Context) ([]string, error) {
	var key struct {
		Scopes []string `json:"scopes"`
	}
	err := a.crud.JSON(ctx, &rest.Request{Path: "api/personal_api_keys/@current"}, &key)
	if rest.Status(err) == http.StatusNotFound || rest.Status(err) == http.StatusForbidden {
		return nil, nil
	}
	return key.Scopes, err
}

// visible are the projects to read: those of the settings, or else all that the key may list.
func (a *api) visible(ctx context.Context) ([]int64, error) {
	if len(a.projects) > 0 {
		return a.projects, nil
	}
	list := rest.List{Request: rest.Request{Path: "api/projects/", Query: url.Values{"limit": {"100"}}}, Rows: []string{"results"}, Pager: rest.Next{Member: "next"}}
	for row, err := range a.crud.Rows(ctx, list) {
		if err != nil {
			return nil, projectsUnknown(err)
		}
		id, err := strconv.ParseInt(rest.Text(rest.Member(row, "id")), 10, 64)
		if err != nil {
			return nil, protocol.DataFault("set project_id", "a project comes without a number")
		}
		a.projects = append(a.projects, id)
	}
	if len(a.projects) == 0 {
		return nil, protocol.ConfigFault("set project_id", "the key may see no project")
	}
	return a.projects, nil
}

// each reads one project after another. One that cannot be read for a reason of its own does not keep the others from being read.
func (a *api) each(ctx context.Context, out *tap.Output, read func(project int64) error) error {
	projects, err := a.visible(ctx)
	if err != nil {
		return err
	}
	for _, project := range projects {
		err := read(project)
		switch s := rest.Status(err); {
		case err == nil:
		case len(projects) > 1 && (s == http.StatusForbidden || s == http.StatusNotFound || s == http.StatusPaymentRequired):
			out.Incomplete(fmt.Errorf("project %d: %w", project, err))
		default:
			return err
		}
	}
	return nil
}

// projectsUnknown is the fault of a key that may not list projects, as one that is restricted to some of them.
func projectsUnknown(err error) error {
	if s := rest.Status(err); s != http.StatusForbidden && s != http.StatusNotFound {
		return err
	}
	return protocol.ConfigFault("set project_id to the number that stands in the project's address, /project/12345", "the key may not list projects: %w", err)
}
