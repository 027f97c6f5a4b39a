package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// Config is what tap-google-sheets can be told.
type Config struct {
	tap.Settings
	tap.HTTPSettings
	Spreadsheets    []string      `json:"spreadsheets" alias:"spreadsheet_ids,spreadsheet_id,sheet_id" env:"GOOGLE_SHEETS_SPREADSHEETS,GOOGLE_SHEETS_SPREADSHEET_IDS,GOOGLE_SHEETS_SPREADSHEET_ID" help:"Ids or addresses of the spreadsheets to read. Either these or drive_query is needed." example:"https://docs.google.com/spreadsheets/d/1AbC…/edit"`
	DriveQuery      string        `json:"drive_query" help:"Read also the spreadsheets that are shared with the account and match this query of Drive; all stands for every one." example:"name contains 'Budget'"`
	Streams         []StreamEntry `json:"streams" help:"The streams to read, in the place of all tabs, tables and named ranges: [{\"name\": …, \"spreadsheet\": …, \"tab\": …, \"range\": …, \"key_properties\": […]}]; each may have its own reading settings. tab is a title, a glob of titles or gid:NUMBER as in the address; range is in A1 notation, or the name of a named range or table. Key properties make the stream merge; without them it is replaced."`
	StreamNames     string        `json:"stream_names" enum:"as_is,snake_case" default:"as_is" help:"as_is keeps the titles of tabs, snake_case makes SQL names of them. A stream that a state knows keeps its name."`
	MissingTabs     string        `json:"missing_tabs" enum:"keep,empty,fail" default:"keep" help:"What becomes of the rows of a tab that was deleted."`
	ChangeDetection string        `json:"change_detection" enum:"drive,off" default:"drive" help:"drive leaves a spreadsheet unread while Drive says that nobody has changed it. off reads always; equal rows are then still not sent again."`
	MaxSkipAge      time.Duration `json:"max_skip_age" default:"24h" min:"0s" help:"How long a spreadsheet is left unread at the most, as formulas such as NOW or IMPORTRANGE change without an edit."`
	Reading

	CredentialsPath   string `json:"credentials_path" airbyte:"-" env:"GOOGLE_SHEETS_CREDENTIALS_PATH" help:"File with the key of a service account, or of an authorized user. Without any credentials: Google's application default." group:"Credentials"`
	CredentialsJSON   Key    `json:"credentials_json" secret:"" env:"GOOGLE_SHEETS_CREDENTIALS_JSON" help:"The same as JSON, or as JSON in base64." group:"Credentials"`
	Subject           string `json:"subject" help:"User whom a service account with domain-wide delegation reads for." group:"Credentials"`
	OAuthClientID     string `json:"oauth_client_id" env:"GOOGLE_SHEETS_OAUTH_CLIENT_ID" help:"Client id of the OAuth application that the refresh token was granted to." group:"Credentials"`
	OAuthClientSecret string `json:"oauth_client_secret" secret:"" env:"GOOGLE_SHEETS_OAUTH_CLIENT_SECRET" help:"Its secret." group:"Credentials"`
	OAuthRefreshToken string `json:"oauth_refresh_token" secret:"" env:"GOOGLE_SHEETS_OAUTH_REFRESH_TOKEN" alias:"refresh_token" help:"Refresh token of the user." group:"Credentials"`
	TokenURL          string `json:"token_url" help:"Address that tokens come from, in the place of Google's." group:"Credentials"`
}

// Reading says how a tab is read. It stands at top level as the default of all streams, and in an entry of streams for that one.
type Reading struct {
	HeaderRow      HeaderRow         `json:"header_row" help:"Number of the row that names the columns, 2-3 for two rows that do so together, or none. Default: found out from the frozen rows, or as the first row of texts that is about as wide as the rows below." example:"2" group:"Reading"`
	HiddenRows     string            `json:"hidden_rows" enum:"keep,skip" help:"skip leaves out rows that are hidden, by hand or by a filter. Default: keep." group:"Reading"`
	MergedCells    string            `json:"merged_cells" enum:"first,fill" help:"fill gives the value of merged cells to each of them. Default: first." group:"Reading"`
	ErrorValues    string            `json:"error_values" enum:"null,text,fail" help:"What becomes of #N/A and the like: null (the default, counted in the log), their text, or the end of the stream." group:"Reading"`
	Types          string            `json:"types" enum:"infer,text" help:"infer (the default) types a column by all of its cells, text leaves every column as text." group:"Reading"`
	Timezone       string            `json:"timezone" help:"Zone of dates with a time. Default: the spreadsheet's own." example:"America/New_York" group:"Reading"`
	ColumnNames    string            `json:"column_names" enum:"as_is,snake_case" help:"as_is (the default) keeps the header's names, snake_case makes SQL names of them." group:"Reading"`
	ColumnMap      map[string]string `json:"column_map" help:"New names of single columns." group:"Reading"`
	MinRows        int               `json:"min_rows" min:"0" help:"A tab with fewer rows is taken for an accident: the stream fails, and the rows of the last run stay." group:"Reading"`
	MaxDropPercent *float64          `json:"max_drop_percent" min:"0" max:"100" help:"Likewise for a tab that has lost more than this part of its rows since the last run." example:"50" group:"Reading"`
	OnDuplicateKey string            `json:"on_duplicate_key" enum:"warn,fail" help:"What to do when two rows have the same key properties, or a row lacks one. Default: warn." group:"Reading"`
}

// A StreamEntry is one element of the setting streams.
type StreamEntry struct {
	Name          string   `json:"name"`        // default: the title of the tab
	Spreadsheet   string   `json:"spreadsheet"` // id or address; default: each of the setting spreadsheets
	Tab           string   `json:"tab"`
	Range         string   `json:"range"`
	KeyProperties []string `json:"key_properties"`
	Reading
}

// A HeaderRow is where the names of the columns stand: nowhere yet known, nowhere at all, or from one row to another, counted
// from 1.
type HeaderRow struct {
	none        bool
	first, last int
}

// UnmarshalText reads 2, 2-3 or none.
func (h *HeaderRow) UnmarshalText(raw []byte) error {
	*h = HeaderRow{none: string(raw) == "none"}
	if h.none {
		return nil
	}
	from, to, two := strings.Cut(string(raw), "-")
	if !two {
		to = from
	}
	var err1, err2 error
	h.first, err1 = strconv.Atoi(strings.TrimSpace(from))
	h.last, err2 = strconv.Atoi(strings.TrimSpace(to))
	if err1 != nil || err2 != nil || h.first < 1 || h.last < h.first || h.last-h.first >= headRows {
		return fmt.Errorf("expected the number of a row, two with a dash between them, or none")
	}
	return nil
}

// UnmarshalJSON reads the same, or a bare number.
func (h *HeaderRow) UnmarshalJSON(raw []byte) error {
	var words string
	if json.Unmarshal(raw, &words) != nil {
		words = string(raw)
	}
	return h.UnmarshalText([]byte(words))
}

func (h HeaderRow) given() bool { return h.none || h.first > 0 }

// over gives r with what is missing in it taken from defaults.
func (r Reading) over(defaults Reading) Reading {
	r.HeaderRow = cmp.Or(r.HeaderRow, defaults.HeaderRow)
	r.HiddenRows = cmp.Or(r.HiddenRows, defaults.HiddenRows)
	r.MergedCells = cmp.Or(r.MergedCells, defaults.MergedCells)
	r.ErrorValues = cmp.Or(r.ErrorValues, defaults.ErrorValues)
	r.Types = cmp.Or(r.Types, defaults.Types)
	r.Timezone = cmp.Or(r.Timezone, defaults.Timezone)
	r.ColumnNames = cmp.Or(r.ColumnNames, defaults.ColumnNames)
	if r.ColumnMap == nil {
		r.ColumnMap = defaults.ColumnMap
	}
	r.MinRows = cmp.Or(r.MinRows, defaults.MinRows)
	r.MaxDropPercent = cmp.Or(r.MaxDropPercent, defaults.MaxDropPercent)
	r.OnDuplicateKey = cmp.Or(r.OnDuplicateKey, defaults.OnDuplicateKey)
	return r
}

// spreadsheetID is the id in an address, or the id itself. ids are long, so that a title is not taken for one.
// https://developers.google.com/workspace/sheets/api/guides/concepts#spreadsheet
var spreadsheetID = regexp.MustCompile(`^(?:https?://.*/d/)?([-\w]{20,})(?:[/?#].*)?$`)

func idOf(spreadsheet string) (string, bool) {
	if m := spreadsheetID.FindStringSubmatch(strings.TrimSpace(spreadsheet)); m != nil {
		return m[1], true
	}
	return "", false
}

// check reports every problem that the tags cannot tell, and puts ids in the place of addresses.
func (c *Config) check(run *tap.Run) error {
	problems := run.Problems()
	for i, spreadsheet := range c.Spreadsheets {
		id, ok := idOf(spreadsheet)
		if !ok {
			problems.Add("spreadsheets", "[%d] is neither the id nor the address of a spreadsheet", i)
		}
		c.Spreadsheets[i] = id
	}
	for i := range c.Streams {
		e := &c.Streams[i]
		where := func(format string, args ...any) {
			problems.Add("streams", "[%d]: "+format, append([]any{i}, args...)...)
		}
		if e.Spreadsheet != "" {
			id, ok := idOf(e.Spreadsheet)
			if !ok {
				where("spreadsheet is neither an id nor an address")
			}
			e.Spreadsheet = id
			if !slices.Contains(c.Spreadsheets, id) {
				c.Spreadsheets = append(c.Spreadsheets, id)
			}
		}
		if e.Tab == "" && e.Range == "" {
			where("give a tab, a range, or both")
		}
		if _, err := loadZone(e.Timezone); err != nil {
			where("%v", err)
		}
		e.Reading = e.Reading.over(c.Reading)
	}
	if _, err := loadZone(c.Timezone); err != nil {
		problems.Add("timezone", "%v", err)
	}
	if len(c.Spreadsheets) == 0 && c.DriveQuery == "" {
		problems.Add("spreadsheets", "give at least one, or drive_query")
	}
	return problems.Err()
}

// customZone is the form of a zone that has no name in the time zone database.
var customZone = regexp.MustCompile(`^(?:GMT|UTC)([+-])(\d{1,2}):?(\d{2})?$`)

// loadZone reads a zone as a spreadsheet or a user names it: America/New_York, or GMT-07:00. The empty one is nil.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets#SpreadsheetProperties
func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	if m := customZone.FindStringSubmatch(name); m != nil {
		hours, _ := strconv.Atoi(m[2])   // digits, by the expression
		minutes, _ := strconv.Atoi(m[3]) // likewise, or none
		offset := hours*3600 + minutes*60
		if m[1] == "-" {
			offset = -offset
		}
		return time.FixedZone(name, offset), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("timezone %q is not known; use a name such as America/New_York", name)
	}
	return zone, nil
}

// disposition is what the rows of a stream with that key do to those of the last run.
func disposition(key []string) protocol.Disposition {
	if len(key) > 0 {
		return protocol.Merge
	}
	return protocol.Replace
}
