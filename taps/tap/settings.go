package tap

import "time"

// Settings is what every tap offers. A tap's settings struct embeds it.
type Settings struct {
	ClientID  string
	StartDate time.Time
	EndDate   time.Time
	Select    []string
	Columns   map[string]map[string]string
}

// HTTPSettings is what a tap offers beside when it talks to an HTTP API. A tap whose client already has such settings
// does without, so that every setting offered has an effect.
type HTTPSettings struct {
	BaseURL           string
	UserAgent         string
	RequestTimeout    time.Duration
	MaxRetries        int
	RequestsPerMinute int
}

// common finds the shared settings inside a tap's own.
func (s *Settings) common() *Settings { return s }
