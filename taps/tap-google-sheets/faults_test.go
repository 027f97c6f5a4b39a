package main

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

const disabled = `{"error":{"code":403,"message":"Google Sheets API has not been used in project 7 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=7 then retry.","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}}`

// always spoils every answer but the first token.
func (b *bench) always(fault taptest.Fault) {
	for n := 2; n < 30; n++ {
		b.Fail(n, fault)
	}
}

// TestBadInput is what users run into, each with one line that says what to do.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(b *bench, d *doc)
		code    int
		want    string
	}{
		"not shared": {func(b *bench, d *doc) { d.NoAccess = true }, 2,
			"403 Forbidden: The caller does not have permission; share the spreadsheet with " + sheetstest.Robot + ", as a viewer"},
		"a wrong id": {func(b *bench, d *doc) { b.config["spreadsheets"] = idTwo }, 2,
			"404 Not Found: Requested entity was not found.; check the id: it is not there, deleted, or that of another kind of file"},
		"a PDF": {func(b *bench, d *doc) { d.MIME = "application/pdf" }, 2, "it is no spreadsheet of Google's but a file of type application/pdf"},
		"a PDF, without Drive": {func(b *bench, d *doc) { d.MIME = "application/pdf"; b.config["change_detection"] = "off" }, 2,
			"is the id that of a spreadsheet, and of no other kind of file?"},
		"an Office file": {func(b *bench, d *doc) { d.MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" }, 2,
			"open it in Google Sheets and choose File, Save as Google Sheets"},
		"an Office file, without Drive": {func(b *bench, d *doc) {
			d.MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
			b.config["change_detection"] = "off"
		}, 2, "The document must not be an Office file.; open it in Google Sheets and choose File, Save as Google Sheets"},
		"the API is not enabled": {func(b *bench, d *doc) { b.always(taptest.Status(403, disabled)) }, 2,
			"enable the API at https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=7, and wait a few minutes"},
		"the scope is missing": {func(b *bench, d *doc) {
			b.always(taptest.Status(403, `{"error":{"code":403,"message":"Request had insufficient authentication scopes.","status":"PERMISSION_DENIED","details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}`))
		}, 2, "grant access again, with the scopes https://www.googleapis.com/auth/spreadsheets.readonly https://www.googleapis.com/auth/drive.metadata.readonly"},
		"the account was revoked": {func(b *bench, d *doc) { b.Revoked = true }, 2,
			"Invalid JWT Signature.; the key was deleted or its account disabled, or this machine's clock is wrong"},
		"no way to the token": {func(b *bench, d *doc) {
			for n := 1; n < 30; n++ {
				b.Fail(n, taptest.Cut(0))
			}
		}, 4, "run again later; if it stays so, check base_url and the network"},
		"a page for a token": {func(b *bench, d *doc) { b.Fail(1, taptest.WebPage(200)); b.Fail(2, taptest.WebPage(200)) }, 2, "Google gives no token"},
		"the token is refused": {func(b *bench, d *doc) {
			for n := 2; n < 9; n += 2 {
				b.Fail(n, taptest.Status(401, `{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}`))
			}
		}, 2, "check the credentials: Google refuses the token that it gave for them"},
		"an answer that is cut":      {func(b *bench, d *doc) { b.Fail(2, taptest.Cut(20)) }, 0, "request is sent again"},
		"one that is cut every time": {func(b *bench, d *doc) { b.always(taptest.Cut(20)) }, 4, "6 tries: GET /drive/v3/files/"},
		"an empty answer":            {func(b *bench, d *doc) { b.Fail(2, taptest.Status(200, "")) }, 0, "the answer is not JSON"},
		"nothing":                    {func(b *bench, d *doc) { b.always(taptest.Status(200, "", "Content-Type: text/plain")) }, 2, "is base_url the address of Google's API?"},
		"a web page": {func(b *bench, d *doc) {
			b.always(taptest.WebPage(200))
		}, 2, "is base_url the address of Google's API?"},
		"another API":      {func(b *bench, d *doc) { b.always(taptest.Status(200, `{}`)) }, 2, "the answer is no spreadsheet; is base_url the address of Google's API?"},
		"an empty tab":     {func(b *bench, d *doc) { d.Tabs[0].Cells = nil }, 0, "the tab is empty"},
		"no header":        {func(b *bench, d *doc) { d.Tabs[0].Cells = [][]any{{1, 2}, {3, 4}} }, 2, `stream "Tab": no header was found: row 1 holds no text; set header_row to the number of the row that names the columns, or to none`},
		"only charts":      {func(b *bench, d *doc) { d.Tabs[0].Kind = "OBJECT" }, 2, "there is nothing to read"},
		"connected sheets": {func(b *bench, d *doc) { d.Tabs[0].Kind = "DATA_SOURCE" }, 2, "there is nothing to read"},
		"in the trash":     {func(b *bench, d *doc) { d.Trashed = true }, 0, "the spreadsheet lies in the trash"},
		"a strange zone":   {func(b *bench, d *doc) { d.Zone = "Mars/Base" }, 0, "the spreadsheet's time zone is not known; its times are taken as UTC"},
		"no spreadsheet":   {func(b *bench, d *doc) { b.config["spreadsheets"] = nil }, 2, "spreadsheets: give at least one, or drive_query"},
		"a title":          {func(b *bench, d *doc) { b.config["spreadsheets"] = "Budget" }, 2, "[0] is neither the id nor the address of a spreadsheet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := small([]any{"a"}, []any{1})
				b := newBench(t, nil, d)
				test.prepare(b, d)
				out := b.run(nil)
				require.Equal(t, test.code, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.want)
				if test.code == 0 {
					return
				}
				// The same is said of a test.
				again := newBench(t, nil, d)
				test.prepare(again, d)
				out = again.run(nil, "--test")
				require.NotEqual(t, 0, out.Code, out.Stderr)
			})
		})
	}
}

// TestWithoutDrive reads whole in every run.
func TestWithoutDrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"a"}, []any{1})
		b := newBench(t, nil, d)
		b.Fail(2, taptest.Status(403, `{"error":{"code":403,"message":"Google Drive API has not been used in project 7 before or it is disabled.","errors":[{"reason":"accessNotConfigured"}]}}`))
		out := b.run(nil)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "Drive does not tell when spreadsheets change: all are read in every run")
		_, state := taptest.Covered(out.Messages)
		require.NotContains(t, string(state), `"version":"1"`)
		messages, _ := b.sync(state)
		require.Equal(t, []string{"STATE"}, types(messages), "Drive tells again; the rows are those of before")
		require.Len(t, b.Calls(), 5+4)
	})
}

func TestDamagedState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, small([]any{"a"}, []any{1}))
		for _, state := range []string{`{"bookmarks":{"Tab":{"id":5}}}`, `{"bookmarks":{"Tab":{"part":"x","columns":[["a","money"]]}}}`, `{"bookmarks":{"Tab":7}}`} {
			out := b.run([]byte(state))
			require.Equal(t, 2, out.Code, out.Stderr)
			require.Contains(t, out.Stderr, `stream "Tab": the state's bookmark is damaged, or of another program`)
		}
		messages, _ := b.sync([]byte(`{"bookmarks":{"Other":{"id":5}}}`))
		require.Len(t, rows(messages, "Tab"), 1)
	})
}
