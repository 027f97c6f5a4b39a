// Package accounts has an account at each API that a tap reads, before the server of the tap's tests, which is as strict as the API. Its rows
// change in ways that go wrong easily.
package accounts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// An Account is run three times into one database.
type Account struct {
	Program string
	Path    string // of the API below its host
	// Serve makes an account without rows, and the way in which they change before each run, from 1.
	Serve func(t testing.TB) (api *taptest.API, change func(run int))
	// Settings are those of a run, beside base_url.
	Settings func(run int) map[string]any
	Tables   []string
	Settle   func(dump string) string // gives days that go by the clock names that do not; nil: there are none
}

// Runs is how often an account changes.
const Runs = 3

// All are the accounts.
func All() []Account {
	return []Account{PostHog(), RedTrack(), Mautic(), Sheets(), Everflow()}
}

// Form changes settings to what Airbyte's form writes: an object without a fixed shape is its text, a list of numbers too, a day an instant.
func Form(settings map[string]any) {
	for name, value := range settings {
		switch value := value.(type) {
		case map[string]any:
			text, _ := json.Marshal(value) // of strings and such maps: it can be written
			settings[name] = string(text)
		case []int:
			settings[name] = strings.Trim(strings.ReplaceAll(fmt.Sprint(value), " ", ","), "[]")
		case string:
			if _, err := time.Parse(time.DateOnly, value); err == nil {
				settings[name] = value + "T00:00:00Z"
			}
		}
	}
}
