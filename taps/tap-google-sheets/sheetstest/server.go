// Package sheetstest is a server of Google Sheets, Drive and their tokens for tests: as strict as the documentation and as what others have
// measured, with spreadsheets that a test changes.
package sheetstest

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

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A Server is Sheets, Drive and the token endpoint. It holds documents, and hands out tokens for the key of one service account, or for the
// refresh token "refresh". Fields are read and set between runs, or within [Server.Change].
type Server struct {
	*taptest.API
	Docs    []*Doc
	Tokens  int // handed out; the last one is good
	Revoked bool
	Scopes  []string    // that the last token was asked for
	Reads   []time.Time // of Sheets within the limit
	Refused int         // over it
	Trimmed bool        // rows behind the last filled one are left out, as at one of the two dates that it was measured

	t  *testing.T
	mu sync.Mutex
}

// ReadsPerMinute is the limit of an account: https://developers.google.com/workspace/sheets/api/limits
const ReadsPerMinute = 60

// A Doc is a spreadsheet.
type Doc struct {
	ID, Title, Zone string
	Format          string // the type of the default number format
	MIME            string // empty: that of a spreadsheet
	Modified        time.Time
	Version         int
	NoAccess        bool // it is not shared with the account
	Trashed         bool
	Tabs            []*Sheet
	Named           []Named
}

// A Sheet is a tab.
type Sheet struct {
	ID            int64
	Title         string
	Kind          string // empty: GRID
	Hidden        bool
	Rows, Columns int // of the grid; 0: 1000 × 26
	Frozen        int
	Cells         [][]any // ragged
	Merges        []Rect
	HiddenRows    map[int]string // row from 0, and hiddenByUser or hiddenByFilter
	Tables        []Named
}

// Named is a named range or a table.
type Named struct {
	ID, Name string
	Sheet    int64 // of a named range
	Rect     Rect
}

// A Rect is a part of a tab from 0: the first row, the row behind the last one, and the same for columns. [Unbounded] is no end.
type Rect [4]int

// Unbounded is an end that is not there.
const Unbounded = 1 << 30

// What a cell may be beside nil, text, bool and number.
type (
	// Failed is the type of an error.
	Failed string
	// Formatted is a number, or its text, with the format that makes it a date or the like.
	Formatted struct {
		Serial        any
		Kind, Pattern string
		Shown         string
	}
)

// New serves until the test ends.
func New(t *testing.T, docs ...*Doc) *Server {
	t.Helper()
	g := &Server{t: t, Docs: docs}
	common := map[string]string{"alt": "json", "prettyPrint": "false"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(common)
		maps.Copy(all, more)
		return all
	}
	token := map[string]string{"Authorization": "Bearer token-[0-9]+", "User-Agent": ".*gzip.*"}
	g.API = &taptest.API{Routes: []taptest.Route{
		{Pattern: "GET /v4/spreadsheets/{id}", Query: with(map[string]string{"fields": ".+", "ranges": ".+"}), Required: []string{"fields"},
			Repeated: []string{"ranges"}, Header: token, Serve: g.guarded(g.limited(g.spreadsheet))},
		{Pattern: "GET /drive/v3/files/{id}", Query: with(map[string]string{"fields": "mimeType,modifiedTime,version,trashed", "supportsAllDrives": "true"}),
			Required: []string{"supportsAllDrives"}, Header: token, Serve: g.guarded(g.file)},
		{Pattern: "GET /drive/v3/files", Query: with(map[string]string{"fields": "nextPageToken,incompleteSearch,files\\(id\\)|files\\(id\\)", "corpora": "allDrives", "q": ".+", "orderBy": "createdTime",
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
func (g *Server) guarded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		good := r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-%d", g.Tokens)
		g.mu.Unlock()
		if !good {
			answer(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
			return
		}
		serve(w, r)
	}
}

// limited counts reads.
func (g *Server) limited(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		g.mu.Lock()
		over := len(g.Reads) >= ReadsPerMinute && now.Sub(g.Reads[len(g.Reads)-ReadsPerMinute]) < time.Minute
		if over {
			g.Refused++
		} else {
			g.Reads = append(g.Reads, now)
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

// Robot is the account's address.
const Robot = "reader@project.iam.gserviceaccount.com"

// ServiceKey is the key file of the account.
func ServiceKey(t *testing.T, tokenURL string) map[string]any {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(keyOfTests())
	require.NoError(t, err)
	return map[string]any{"type": "service_account", "project_id": "project", "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334", "client_email": Robot, "client_id": "7",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL}
}

// token hands out a token for a signed claim (RFC 7523), or for a refresh token.
func (g *Server) token(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		claim, err := claimOf(r.PostForm.Get("assertion"))
		if err != nil || g.Revoked {
			reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
			return
		}
		g.Scopes = strings.Fields(claim["scope"].(string))
	case "refresh_token":
		if r.PostForm.Get("client_id") == "" || r.PostForm.Get("client_secret") == "" || r.PostForm.Get("refresh_token") != "refresh" {
			reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
			return
		}
	default:
		reply(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	g.Tokens++
	reply(w, http.StatusOK, map[string]any{"access_token": fmt.Sprintf("token-%d", g.Tokens), "token_type": "Bearer", "expires_in": 3599})
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

func (g *Server) doc(id string) *Doc {
	for _, d := range g.Docs {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// file answers files.get.
func (g *Server) file(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doc(r.PathValue("id"))
	if d == nil || d.NoAccess {
		driveAnswer(w, http.StatusNotFound, "notFound", "File not found: "+r.PathValue("id")+".")
		return
	}
	mime := d.MIME
	if mime == "" {
		mime = "application/vnd.google-apps.spreadsheet"
	}
	body := map[string]any{"mimeType": mime, "modifiedTime": d.Modified.UTC().Format("2006-01-02T15:04:05.000Z"), "version": strconv.Itoa(d.Version)}
	if d.Trashed {
		body["trashed"] = true
	}
	reply(w, http.StatusOK, body)
}

// files answers files.list, two to a page.
func (g *Server) files(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
	var shared []*Doc
	for _, d := range g.Docs {
		if name := regexp.MustCompile(`name contains '([^']*)'`).FindStringSubmatch(r.URL.Query().Get("q")); name == nil || strings.Contains(d.Title, name[1]) {
			shared = append(shared, d)
		}
	}
	list := []any{}
	for _, d := range shared[min(from, len(shared)):min(from+2, len(shared))] {
		list = append(list, map[string]any{"id": d.ID})
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
func (g *Server) spreadsheet(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doc(r.PathValue("id"))
	fields, ranges := r.URL.Query().Get("fields"), r.URL.Query()["ranges"]
	switch {
	case d == nil:
		answer(w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	case d.NoAccess:
		answer(w, http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")
	case d.MIME == "application/pdf":
		answer(w, http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.")
	case d.MIME != "":
		answer(w, http.StatusBadRequest, "FAILED_PRECONDITION", "This operation is not supported for this document. The document must not be an Office file.")
	case fields == "spreadsheetId" && ranges == nil:
		reply(w, http.StatusOK, map[string]any{"spreadsheetId": d.ID})
	case aboutMask.MatchString(fields) && ranges == nil:
		reply(w, http.StatusOK, d.about())
	case cellsMask.MatchString(fields) && len(ranges) == 1, sampleMask.MatchString(fields) && len(ranges) > 0, metadataMask.MatchString(fields) && len(ranges) == 1:
		body, message := d.grids(ranges, fields, g.Trimmed)
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

// column counts from 0.
func column(letters string) int {
	n := 0
	for _, c := range letters {
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// gridRange leaves out what is 0 or Unbounded, as the API does.
func gridRange(sheet int64, r Rect) map[string]any {
	out := map[string]any{}
	for name, value := range map[string]int{"startRowIndex": r[0], "endRowIndex": r[1], "startColumnIndex": r[2], "endColumnIndex": r[3], "sheetId": int(sheet)} {
		if value != 0 && value != Unbounded {
			out[name] = value
		}
	}
	return out
}

func (s *Sheet) size() (rows, columns int) {
	if rows, columns = s.Rows, s.Columns; rows == 0 {
		rows = 1000
	}
	if columns == 0 {
		columns = 26
	}
	return rows, columns
}

func (d *Doc) about() map[string]any {
	properties := map[string]any{"title": d.Title, "timeZone": d.Zone}
	if d.Format != "" {
		properties["defaultFormat"] = map[string]any{"numberFormat": map[string]any{"type": d.Format}}
	}
	var tabs, ranges []any
	for _, s := range d.Tabs {
		about := map[string]any{"title": s.Title, "sheetType": "GRID"}
		if s.ID != 0 {
			about["sheetId"] = s.ID
		}
		if s.Hidden {
			about["hidden"] = true
		}
		if s.Kind != "" {
			about["sheetType"] = s.Kind
		} else {
			rows, columns := s.size()
			grid := map[string]any{"rowCount": rows, "columnCount": columns}
			if s.Frozen > 0 {
				grid["frozenRowCount"] = s.Frozen
			}
			about["gridProperties"] = grid
		}
		tab := map[string]any{"properties": about}
		for _, m := range s.Merges {
			tab["merges"] = append(anyList(tab["merges"]), gridRange(s.ID, m))
		}
		for _, table := range s.Tables {
			tab["tables"] = append(anyList(tab["tables"]), map[string]any{"tableId": table.ID, "name": table.Name, "range": gridRange(s.ID, table.Rect)})
		}
		tabs = append(tabs, tab)
	}
	for _, n := range d.Named {
		ranges = append(ranges, map[string]any{"namedRangeId": n.ID, "name": n.Name, "range": gridRange(n.Sheet, n.Rect)})
	}
	body := map[string]any{"properties": properties, "sheets": tabs}
	if ranges != nil {
		body["namedRanges"] = ranges
	}
	return body
}

func anyList(v any) []any { list, _ := v.([]any); return list }

// grids answers with the cells of ranges, or tells what is wrong with one. The list of tabs holds those alone that have a range.
func (d *Doc) grids(ranges []string, fields string, trimmed bool) (body map[string]any, message string) {
	found := map[int64]map[string]any{}
	for _, text := range ranges {
		m := quotedRange.FindStringSubmatch(text)
		i := -1
		if m != nil {
			i = slices.IndexFunc(d.Tabs, func(s *Sheet) bool { return s.Title == strings.ReplaceAll(m[1], "''", "'") })
		}
		if i < 0 {
			return nil, "Unable to parse range: " + text
		}
		s := d.Tabs[i]
		rows, columns := s.size()
		first, _ := strconv.Atoi(m[3])
		last, _ := strconv.Atoi(m[5])
		r := Rect{first - 1, last, column(m[2]), column(m[4]) + 1}
		if r[0] >= rows || r[2] >= columns {
			return nil, fmt.Sprintf("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", text, rows, columns)
		}
		r[1], r[3] = min(r[1], rows), min(r[3], columns)
		tab := found[s.ID]
		if tab == nil {
			tab = map[string]any{}
			if strings.Contains(fields, "properties.sheetId") {
				tab["properties"] = map[string]any{"sheetId": s.ID}
			}
			found[s.ID] = tab
		}
		tab["data"] = append(anyList(tab["data"]), s.grid(r, fields, trimmed))
	}
	var tabs []any
	for _, s := range d.Tabs {
		if tab, ok := found[s.ID]; ok {
			tabs = append(tabs, tab)
		}
	}
	return map[string]any{"sheets": tabs}, ""
}

func (s *Sheet) grid(r Rect, fields string, trimmed bool) map[string]any {
	data := map[string]any{}
	if strings.Contains(fields, "rowMetadata") {
		var rows []any
		for row := r[0]; row < r[1]; row++ {
			is := map[string]any{}
			if how := s.HiddenRows[row]; how != "" {
				is[how] = true
			}
			rows = append(rows, is)
		}
		data["rowMetadata"] = rows
		return data
	}
	var rows []any
	filled := 0
	for row := r[0]; row < r[1]; row++ {
		var values []any
		last := 0
		for column := r[2]; column < r[3]; column++ {
			cell := map[string]any{}
			if row < len(s.Cells) && column < len(s.Cells[row]) {
				cell = cellOf(s.Cells[row][column], strings.Contains(fields, "formattedValue"))
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
	case Failed:
		cell["effectiveValue"], text = map[string]any{"errorValue": map[string]any{"type": string(v), "message": "why, in the sheet's language"}}, "#ERROR"
	case Formatted:
		cell["effectiveValue"] = map[string]any{"numberValue": json.Number(fmt.Sprint(v.Serial))}
		format := map[string]any{"type": v.Kind}
		if v.Pattern != "" {
			format["pattern"] = v.Pattern
		}
		cell["effectiveFormat"], text = map[string]any{"numberFormat": format}, v.Shown
	default:
		cell["effectiveValue"], text = map[string]any{"numberValue": json.Number(fmt.Sprint(v))}, fmt.Sprint(v)
	}
	if shown {
		cell["formattedValue"] = text
	}
	return cell
}

// Change edits documents, which raises the version of those that are given.
func (g *Server) Change(edit func(), docs ...*Doc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	edit()
	for _, d := range docs {
		d.Version++
	}
}
