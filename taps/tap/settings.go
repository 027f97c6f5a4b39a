package tap

import (
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/settings"
)

// Settings is what every tap offers. A tap's settings struct embeds it, and honours StartDate and EndDate; the rest is done here.
type Settings struct {
	ClientID  string    `json:"client_id" help:"Name of the client whose data this is. It becomes the first column of every record and of every key." example:"acme"`
	StartDate time.Time `json:"start_date" help:"First instant to read when there is no state yet." example:"2026-01-01"`
	EndDate   time.Time `json:"end_date" help:"First instant that is no longer read. Without it, everything up to the start of the run." example:"2026-02-01"`
	Select    []string  `json:"select" airbyte:"-" help:"Streams to read, as globs; stream.field picks fields, and ! in front leaves out." example:"orders,!orders.email"`
	Columns   Rules     `json:"columns" help:"Columns to drop, hash or mask: stream glob, then column glob, then the word." example:"{\"*\":{\"email\":\"hash\"}}"`
}

// HTTPSettings is what a tap offers beside [Settings] when it talks to an HTTP API. A tap whose client library has its
// own pacing and retry does without, so that every setting offered has an effect.
type HTTPSettings struct {
	BaseURL           string        `json:"base_url" help:"Address of the API, in the place of the usual one."`
	UserAgent         string        `json:"user_agent" help:"What to say in the User-Agent header."`
	RequestTimeout    time.Duration `json:"request_timeout" default:"60s" min:"1s" help:"Longest wait for an answer."`
	MaxRetries        int           `json:"max_retries" default:"5" min:"0" help:"How often a failed request is sent again."`
	RequestsPerMinute int           `json:"requests_per_minute" min:"1" help:"Pace of requests, where the API's own limit should not be used up."`
}

// RestatedWindows is what a tap offers beside [Settings] when its source changes what it said of past days.
type RestatedWindows struct {
	Lookback time.Duration `json:"lookback" min:"0s" help:"How far behind the bookmark to read again."`
}

// common finds the shared settings inside a tap's own, which embed them.
func (s *Settings) common() *Settings { return s }

// check reports what the tags cannot say.
func (s *Settings) check(problems *settings.Problems) {
	if !s.StartDate.IsZero() && !s.EndDate.IsZero() && !s.StartDate.Before(s.EndDate) {
		problems.Add("end_date", "must be later than start_date")
	}
	if _, err := protocol.ParsePatterns(s.Select); err != nil {
		problems.Add("select", "%v", err)
	}
	s.Columns.check(problems)
}

// End is the first instant that is not read: the end that a tap has in mind, most often the start of the run, or the setting end_date
// where that is earlier.
func (s *Settings) End(end time.Time) time.Time {
	if !s.EndDate.IsZero() && s.EndDate.Before(end) {
		return s.EndDate
	}
	return end
}
