package sheetstest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// driveAnswer writes the envelope of Drive: a list of errors, and no status.
func driveAnswer(w http.ResponseWriter, status int, reason, message string) {
	reply(w, status, map[string]any{"error": map[string]any{"code": status, "message": message,
		"errors": []any{map[string]any{"message": message, "domain": "global", "reason": reason}}}})
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
