package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// manyCells is the size of the tab that is read in small memory; CELLS sets another.
const manyCells = 1_000_000

// bigColumns are those of the tab: a number, a text, a day and an amount in turn.
const bigColumns = 20

// appendBigRow appends the RowData of a row from 0.
func appendBigRow(dst []byte, row int) []byte {
	dst = append(dst, `{"values":[`...)
	for column := range bigColumns {
		if column > 0 {
			dst = append(dst, ',')
		}
		n := int64(row*bigColumns + column)
		switch {
		case row == 0:
			dst = fmt.Appendf(dst, `{"effectiveValue":{"stringValue":"Column %d"}}`, column)
		case column%4 == 0:
			dst = append(strconv.AppendInt(append(dst, `{"effectiveValue":{"numberValue":`...), n, 10), `}}`...)
		case column%4 == 1:
			dst = append(strconv.AppendInt(append(dst, `{"effectiveValue":{"stringValue":"some words of row `...), n, 10), `"}}`...)
		case column%4 == 2:
			dst = append(strconv.AppendInt(append(dst, `{"effectiveValue":{"numberValue":`...), 40000+n%9000, 10),
				`},"effectiveFormat":{"numberFormat":{"type":"DATE","pattern":"yyyy-mm-dd"}}}`...)
		default:
			dst = append(strconv.AppendInt(append(dst, `{"effectiveValue":{"numberValue":`...), n, 10), `.25},"effectiveFormat":{"numberFormat":{"type":"CURRENCY"}}}`...)
		}
	}
	return append(dst, `]}`...)
}

// serveBig serves one spreadsheet of that many rows.
func serveBig(t testing.TB, rows int) (url string) {
	about := fmt.Sprintf(`{"properties":{"title":"Big","timeZone":"UTC"},"sheets":[{"properties":{"title":"Tab","sheetType":"GRID","gridProperties":{"rowCount":%d,"columnCount":%d}}}]}`, rows, bigColumns)
	bounds := regexp.MustCompile(`^'Tab'!A(\d+):T(\d+)$`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := bounds.FindStringSubmatch(r.URL.Query().Get("ranges"))
		switch {
		case r.URL.Path == "/token":
			fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":3599}`)
		case m == nil:
			fmt.Fprint(w, about)
		default:
			first, _ := strconv.Atoi(m[1])
			last, _ := strconv.Atoi(m[2])
			text := []byte(`{"sheets":[{"data":[{"rowData":[`)
			for row := first - 1; row < last; row++ {
				if row >= first {
					text = append(text, ',')
				}
				if text = appendBigRow(text, row); len(text) > 1<<20 {
					_, _ = w.Write(text) // the client may be gone
					text = text[:0]
				}
			}
			_, _ = w.Write(append(text, `]}]}]}`...))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestMemory reads a large tab in small memory.
func TestMemory(t *testing.T) {
	t.Parallel()
	cells := manyCells
	if text, ok := os.LookupEnv("CELLS"); ok {
		var err error
		cells, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	rows := cells / bigColumns
	url := serveBig(t, rows)
	config := map[string]any{"base_url": url, "credentials_json": sheetstest.ServiceKey(t, url+"/token"), "spreadsheets": idOne, "change_detection": "off"}
	raw, err := json.Marshal(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	command := exec.Command(taptest.Build(t, "."), "--config", path)
	command.Stderr = os.Stderr
	command.Env = []string{"TMPDIR=" + t.TempDir()}
	peak := taptest.PeakMemory(t, command, int64(rows)*600) // nearly all of the rows
	t.Logf("%d cells: peak %.1f MiB", cells, float64(peak)/(1<<20))
	require.Less(t, peak, int64(64<<20))
}
