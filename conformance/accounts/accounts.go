// Package accounts fills the strict API servers of the taps' tests with the rows of one account each. The rows change between runs, in ways that
// are easy to get wrong: late rows, deleted rows, rows with an old date.
package accounts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// An Account is one tap's, with its rows and settings for three runs.
type Account struct {
	Program string
	Path    string // of the API below its host
	// Serve makes a server for the account. change changes its rows before each run, counted from 1.
	Serve func(t testing.TB) (api *taptest.API, change func(run int))
	// Settings are those of a run, beside base_url.
	Settings func(run int) map[string]any
	Tables   []string
	Settle   func(dump string) string // replaces dates that depend on today by fixed names; nil: there are none
}

// Runs is how many runs an account is made for.
const Runs = 3

// All are the accounts.
func All() []Account {
	return []Account{PostHog(), redTrack(), Mautic(), sheets(), everflow()}
}

// Form changes settings to what Airbyte's form writes: an object without fixed members and a list of numbers are texts, a day is an instant.
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
