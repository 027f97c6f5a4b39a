package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is Sheets, Drive and the token endpoint, as strict as their documentation and as what others have measured. It holds
// documents, and hands out tokens for the key of one service account.
type server struct {
	*taptest.API
	t    *testing.T
	mu   sync.Mutex
	docs []*doc

	tokens  int  // handed out; the last one is good
	revoked bool // the key was deleted
	scopes  []string
	reads   []time.Time // of Sheets within the limit
	refused int         // over it
	trimmed bool        // rows behind the last filled one are left out, as at one of the two dates that it was measured
}

// A doc is a spreadsheet.
type doc struct {
	id, title, zone string
	format          string // the default number format's type
	mime            string
	modified        time.Time
	version         int
	noAccess        bool
	tabs            []*sheet
	named           []named
	trashed         bool
}

type named struct {
	id, name string
	sheet    int64
	r        rect
}

// A sheet is a tab. cells may be ragged.
type sheet struct {
	id            int64
	title         string
	kind          string // GRID
	hidden        bool
	rows, columns int // of the grid; 0: 1000 × 26
	frozen        int
	cells         [][]any
	merges        []rect
	hiddenRows    map[int]string // row from 0 to hiddenByUser or hiddenByFilter
	tables        []named
}

// What a cell may be beside nil, text, bool and number.
type (
	failed    string // the type of an error
	formatted struct {
		serial        any // a number, or its text
		kind, pattern string
		shown         string
	}
)

// serveGoogle serves until the test ends.
func serveGoogle(t *testing.T, docs ...*doc) *server {
	t.Helper()
	g := &server{t: t, docs: docs}
	common := map[string]string{"alt": "json", "prettyPrint": "false"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(common)
		maps.Copy(all, more)
		return all
	}
	token := map[string]string{"Authorization": "Bearer token-[0-9]+"}
	g.API = &taptest.API{Routes: []taptest.Route{
		{Pattern: "GET /v4/spreadsheets/{id}", Query: with(map[string]string{"fields": ".+", "ranges": ".+"}), Required: []string{"fields"},
			Repeated: []string{"ranges"}, Header: token, Serve: g.guarded(g.limited(g.spreadsheet))},
		{Pattern: "GET /drive/v3/files/{id}", Query: with(map[string]string{"fields": "mimeType,modifiedTime,version,trashed", "supportsAllDrives": "true"}),
			Required: []string{"supportsAllDrives"}, Header: token, Serve: g.guarded(g.file)},
		{Pattern: "GET /drive/v3/files", Query: with(map[string]string{"fields": "nextPageToken,files\\(id\\)|files\\(id\\)", "q": ".+", "orderBy": "createdTime",
			"pageSize": "1000|1", "pageToken": ".+", "supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}), Header: token, Serve: g.guarded(g.files)},
		{Pattern: "POST /token", Serve: g.token},
	}}
	g.API.Serve(t)
	return g
}

// answer writes the envelope of Sheets: no list of errors.
func answer(w http.ResponseWriter, status int, word, message string, details ...any) {
	problem := map[string]any{"code": status, "message": message, "status": word}
	if len(details) > 0 {
		problem["details"] = details
	}
	reply(w, status, map[string]any{"error": problem})
}

// driveAnswer writes the envelope of Drive: a list of errors, and no status.
func driveAnswer(w http.ResponseWriter, status int, reason, message string) {
	reply(w, status, map[string]any{"error": map[string]any{"code": status, "message": message,
		"errors": []any{map[string]any{"message": message, "domain": "global", "reason": reason}}}})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// guarded lets a request pass that bears the last token.
func (g *server) guarded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		good := r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-%d", g.tokens)
		g.mu.Unlock()
		if !good {
			answer(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
			return
		}
		serve(w, r)
	}
}

// limited counts reads: https://developers.google.com/workspace/sheets/api/limits
func (g *server) limited(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		g.mu.Lock()
		over := len(g.reads) >= readsPerMinute && now.Sub(g.reads[len(g.reads)-readsPerMinute]) < time.Minute
		if over {
			g.refused++
		} else {
			g.reads = append(g.reads, now)
		}
		g.mu.Unlock()
		if over {
			answer(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service 'sheets.googleapis.com'.",
				map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"})
			return
		}
		serve(w, r)
	}
}

// keyOfTests is a throw-away key: making one takes long.
var keyOfTests = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

const robot = "reader@project.iam.gserviceaccount.com"

// serviceKey is the key file of the account.
func serviceKey(t *testing.T, tokenURL string) map[string]any {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(keyOfTests())
	require.NoError(t, err)
	return map[string]any{"type": "service_account", "project_id": "project", "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334", "client_email": robot, "client_id": "7",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL}
}

// token hands out a token for a signed claim (RFC 7523), or for a refresh token.
func (g *server) token(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		claim, err := claimOf(r.PostForm.Get("assertion"))
		if err != nil || g.revoked {
			reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
			return
		}
		g.scopes = strings.Fields(claim["scope"].(string))
	case "refresh_token":
		if r.PostForm.Get("client_id") == "" || r.PostForm.Get("client_secret") == "" || r.PostForm.Get("refresh_token") != "refresh" {
			reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
			return
		}
	default:
		reply(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	g.tokens++
	reply(w, http.StatusOK, map[string]any{"access_token": fmt.Sprintf("token-%d", g.tokens), "token_type": "Bearer", "expires_in": 3599})
}

func claimOf(assertion string) (map[string]any, error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("no JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&keyOfTests().PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	var claim map[string]any
	return claim, json.Unmarshal(raw, &claim)
}

func (g *server) doc(id string) *doc {
	for _, d := range g.docs {
		if d.id == id {
			return d
		}
	}
	return nil
}

// file answers files.get.
func (g *server) file(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doc(r.PathValue("id"))
	if d == nil || d.noAccess {
		driveAnswer(w, http.StatusNotFound, "notFound", "File not found: "+r.PathValue("id")+".")
		return
	}
	mime := d.mime
	if mime == "" {
		mime = "application/vnd.google-apps.spreadsheet"
	}
	body := map[string]any{"mimeType": mime, "modifiedTime": d.modified.UTC().Format("2006-01-02T15:04:05.000Z"), "version": strconv.Itoa(d.version)}
	if d.trashed {
		body["trashed"] = true
	}
	reply(w, http.StatusOK, body)
}

// files answers files.list, two to a page.
func (g *server) files(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
	var shared []*doc
	for _, d := range g.docs {
		if name := regexp.MustCompile(`name contains '([^']*)'`).FindStringSubmatch(r.URL.Query().Get("q")); name == nil || strings.Contains(d.title, name[1]) {
			shared = append(shared, d)
		}
	}
	list := []any{}
	for _, d := range shared[min(from, len(shared)):min(from+2, len(shared))] {
		list = append(list, map[string]any{"id": d.id})
	}
	body := map[string]any{"files": list}
	if from+2 < len(shared) {
		body["nextPageToken"] = strconv.Itoa(from + 2)
	}
	reply(w, http.StatusOK, body)
}

// The masks that a request may have: one for what there is beside cells, one for a test of the connection, and those for cells.
var (
	aboutMask    = regexp.MustCompile(`^properties\(title,timeZone,.*\),namedRanges,sheets\(properties\(.*\),merges,tables\(tableId,name,range\)\)$`)
	cellsMask    = regexp.MustCompile(`^sheets\.data\.rowData\.values\(effectiveValue,effectiveFormat\.numberFormat\(type,pattern\)(,formattedValue)?\)$`)
	sampleMask   = regexp.MustCompile(`^sheets\(properties\.sheetId,data\.rowData\.values\(effectiveValue,effectiveFormat\.numberFormat\(type,pattern\),formattedValue\)\)$`)
	metadataMask = regexp.MustCompile(`^sheets\.data\.rowMetadata\(hiddenByUser,hiddenByFilter\)$`)
	quotedRange  = regexp.MustCompile(`^'((?:[^']|'')*)'!([A-Z]+)([1-9][0-9]*):([A-Z]+)([1-9][0-9]*)$`)
)

// spreadsheet answers spreadsheets.get.
func (g *server) spreadsheet(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doc(r.PathValue("id"))
	fields, ranges := r.URL.Query().Get("fields"), r.URL.Query()["ranges"]
	switch {
	case d == nil:
		answer(w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	case d.noAccess:
		answer(w, http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")
	case d.mime == "application/pdf":
		answer(w, http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.")
	case d.mime != "":
		answer(w, http.StatusBadRequest, "FAILED_PRECONDITION", "This operation is not supported for this document. The document must not be an Office file.")
	case fields == "spreadsheetId" && ranges == nil:
		reply(w, http.StatusOK, map[string]any{"spreadsheetId": d.id})
	case aboutMask.MatchString(fields) && ranges == nil:
		reply(w, http.StatusOK, d.about())
	case cellsMask.MatchString(fields) && len(ranges) == 1, sampleMask.MatchString(fields) && len(ranges) > 0, metadataMask.MatchString(fields) && len(ranges) == 1:
		body, message := d.grids(ranges, fields, g.trimmed)
		if message != "" {
			answer(w, http.StatusBadRequest, "INVALID_ARGUMENT", message)
			return
		}
		reply(w, http.StatusOK, body)
	default:
		g.t.Errorf("fields %q with %d ranges is no request that the tap has to make", fields, len(ranges))
		w.WriteHeader(http.StatusTeapot)
	}
}

// gridRange leaves out what is 0 or unbounded, as the API does.
func gridRange(sheet int64, r rect) map[string]any {
	out := map[string]any{}
	for name, value := range map[string]int{"startRowIndex": r.row, "startColumnIndex": r.column, "endRowIndex": r.endRow, "endColumnIndex": r.endColumn, "sheetId": int(sheet)} {
		if value != 0 && value != unbounded {
			out[name] = value
		}
	}
	return out
}

func (s *sheet) size() (rows, columns int) {
	if rows, columns = s.rows, s.columns; rows == 0 {
		rows = 1000
	}
	if columns == 0 {
		columns = 26
	}
	return rows, columns
}

func (d *doc) about() map[string]any {
	properties := map[string]any{"title": d.title, "timeZone": d.zone}
	if d.format != "" {
		properties["defaultFormat"] = map[string]any{"numberFormat": map[string]any{"type": d.format}}
	}
	var tabs, ranges []any
	for _, s := range d.tabs {
		about := map[string]any{"title": s.title, "sheetType": "GRID"}
		if s.id != 0 {
			about["sheetId"] = s.id
		}
		if s.hidden {
			about["hidden"] = true
		}
		if s.kind != "" {
			about["sheetType"] = s.kind
		} else {
			rows, columns := s.size()
			grid := map[string]any{"rowCount": rows, "columnCount": columns}
			if s.frozen > 0 {
				grid["frozenRowCount"] = s.frozen
			}
			about["gridProperties"] = grid
		}
		tab := map[string]any{"properties": about}
		for _, m := range s.merges {
			tab["merges"] = append(anyList(tab["merges"]), gridRange(s.id, m))
		}
		for _, table := range s.tables {
			tab["tables"] = append(anyList(tab["tables"]), map[string]any{"tableId": table.id, "name": table.name, "range": gridRange(s.id, table.r)})
		}
		tabs = append(tabs, tab)
	}
	for _, n := range d.named {
		ranges = append(ranges, map[string]any{"namedRangeId": n.id, "name": n.name, "range": gridRange(n.sheet, n.r)})
	}
	body := map[string]any{"properties": properties, "sheets": tabs}
	if ranges != nil {
		body["namedRanges"] = ranges
	}
	return body
}

func anyList(v any) []any { list, _ := v.([]any); return list }

// grids answers with the cells of ranges, or tells what is wrong with one. The list of tabs holds those alone that have a range.
func (d *doc) grids(ranges []string, fields string, trimmed bool) (body map[string]any, message string) {
	found := map[int64]map[string]any{}
	for _, text := range ranges {
		m := quotedRange.FindStringSubmatch(text)
		i := -1
		if m != nil {
			i = slices.IndexFunc(d.tabs, func(s *sheet) bool { return s.title == strings.ReplaceAll(m[1], "''", "'") })
		}
		if i < 0 {
			return nil, "Unable to parse range: " + text
		}
		s := d.tabs[i]
		rows, columns := s.size()
		first, _ := strconv.Atoi(m[3])
		last, _ := strconv.Atoi(m[5])
		r := rect{first - 1, last, columnOf(m[2]), columnOf(m[4]) + 1}
		if r.row >= rows || r.column >= columns {
			return nil, fmt.Sprintf("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", text, rows, columns)
		}
		r = r.within(rows, columns)
		tab := found[s.id]
		if tab == nil {
			tab = map[string]any{}
			if strings.Contains(fields, "properties.sheetId") {
				tab["properties"] = map[string]any{"sheetId": s.id}
			}
			found[s.id] = tab
		}
		tab["data"] = append(anyList(tab["data"]), s.grid(r, fields, trimmed))
	}
	var tabs []any
	for _, s := range d.tabs {
		if tab, ok := found[s.id]; ok {
			tabs = append(tabs, tab)
		}
	}
	return map[string]any{"sheets": tabs}, ""
}

func (s *sheet) grid(r rect, fields string, trimmed bool) map[string]any {
	data := map[string]any{}
	if strings.Contains(fields, "rowMetadata") {
		var rows []any
		for row := r.row; row < r.endRow; row++ {
			is := map[string]any{}
			if how := s.hiddenRows[row]; how != "" {
				is[how] = true
			}
			rows = append(rows, is)
		}
		data["rowMetadata"] = rows
		return data
	}
	var rows []any
	filled := 0
	for row := r.row; row < r.endRow; row++ {
		var values []any
		last := 0
		for column := r.column; column < r.endColumn; column++ {
			cell := map[string]any{}
			if row < len(s.cells) && column < len(s.cells[row]) {
				cell = cellOf(s.cells[row][column], strings.Contains(fields, "formattedValue"))
			}
			values = append(values, cell)
			if len(cell) > 0 {
				last = len(values)
			}
		}
		if last == 0 {
			rows = append(rows, map[string]any{})
			continue
		}
		rows = append(rows, map[string]any{"values": values[:last]})
		filled = len(rows)
	}
	if trimmed {
		rows = rows[:filled]
	}
	if len(rows) > 0 {
		data["rowData"] = rows
	}
	return data
}

func cellOf(value any, shown bool) map[string]any {
	cell := map[string]any{}
	text := ""
	switch v := value.(type) {
	case nil:
		return cell
	case string:
		cell["effectiveValue"], text = map[string]any{"stringValue": v}, v
	case bool:
		cell["effectiveValue"], text = map[string]any{"boolValue": v}, strings.ToUpper(strconv.FormatBool(v))
	case failed:
		cell["effectiveValue"], text = map[string]any{"errorValue": map[string]any{"type": string(v), "message": "why, in the sheet's language"}}, "#ERROR"
	case formatted:
		cell["effectiveValue"] = map[string]any{"numberValue": json.Number(fmt.Sprint(v.serial))}
		format := map[string]any{"type": v.kind}
		if v.pattern != "" {
			format["pattern"] = v.pattern
		}
		cell["effectiveFormat"], text = map[string]any{"numberFormat": format}, v.shown
	default:
		cell["effectiveValue"], text = map[string]any{"numberValue": json.Number(fmt.Sprint(v))}, fmt.Sprint(v)
	}
	if shown {
		cell["formattedValue"] = text
	}
	return cell
}

// change edits documents, which raises the version of those that are given.
func (g *server) change(edit func(), docs ...*doc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	edit()
	for _, d := range docs {
		d.version++
	}
}

// A bench is a Google with a tap in front of it.
type bench struct {
	*server
	t      *testing.T
	config map[string]any
	tap    tap.Tap[Config]
	dial   tap.Dial
}

func newBench(t *testing.T, config map[string]any, docs ...*doc) *bench {
	t.Helper()
	g := serveGoogle(t, docs...)
	b := &bench{server: g, t: t, tap: program, dial: g.Dial(), config: map[string]any{"base_url": taptest.URL, "credentials_json": serviceKey(t, taptest.URL+"/token")}}
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.id)
	}
	b.config["spreadsheets"] = ids
	maps.Copy(b.config, config)
	return b
}

func (b *bench) input(state json.RawMessage, args ...string) taptest.Input {
	return taptest.Input{Config: b.config, State: state, Args: args, Dial: b.dial, Now: time.Now}
}

// run runs the tap, whatever comes of it.
func (b *bench) run(state json.RawMessage, args ...string) *taptest.Output {
	b.t.Helper()
	return taptest.Run(b.t, b.tap, b.input(state, args...))
}

// sync runs the tap and gives its messages and last state.
func (b *bench) sync(state json.RawMessage, args ...string) ([]taptest.Message, json.RawMessage) {
	b.t.Helper()
	messages := taptest.Sync(b.t, b.tap, b.input(state, args...))
	_, last := taptest.Covered(messages)
	return messages, last
}

// rows are the records of a stream as compact JSON.
func rows(messages []taptest.Message, stream string) []string {
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		all = append(all, string(record))
	}
	return all
}
