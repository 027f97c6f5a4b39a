package posthogtest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// An export is one run of the file download API. See https://posthog.com/docs/data-pipelines/file-download-exports.
type export struct {
	project  *Project
	from, to time.Time
	include  []string
	polls    int
	expired  bool // the first address of its file
}

// pollExport tells how an export is going: twice that it is not done.
func (s *Server) pollExport(w http.ResponseWriter, r *http.Request, _ *Project) {
	run := s.exports[r.PathValue("run")]
	if run == nil {
		Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Not found.")
		return
	}
	status := map[string]any{"status": "Completed", "files": []string{"part-0", "part-1"}}
	if run.polls++; run.polls < 3 {
		status = map[string]any{"status": []string{"Starting", "Running"}[run.polls-1]}
	}
	answer(w, status)
}

// redirectToFile leads to the file store.
func (s *Server) redirectToFile(w http.ResponseWriter, r *http.Request, _ *Project) {
	http.Redirect(w, r, "http://"+r.Host+"/files/"+r.PathValue("run")+"/"+r.PathValue("part")+"?signature=s", http.StatusFound)
}

// createExport begins an export.
func (s *Server) createExport(w http.ResponseWriter, r *http.Request, project *Project) {
	var request struct {
		Model string `json:"model"`
		File  struct {
			Format      string `json:"format"`
			Compression string `json:"compression"`
		} `json:"file"`
		Include []string  `json:"include"`
		From    time.Time `json:"data_interval_start"`
		To      time.Time `json:"data_interval_end"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&request)
	span := request.To.Sub(request.From)
	if err != nil || request.Model != "events" || request.File.Format != "JSONLines" || request.File.Compression != "gzip" || span <= 0 || span > 7*24*time.Hour || request.To.After(s.Now()) {
		s.violation(w, "export: %v %+v", err, request)
		return
	}
	id := fmt.Sprintf("0196-export-%d", len(s.exports)+1)
	s.exports[id] = &export{project: project, from: request.From, to: request.To, include: request.Include}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
}

// file is the store that addresses lead to. It refuses a key, and the first address of an export's first file has expired.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "" {
		s.t.Errorf("posthog: the key was sent to the file store")
	}
	run, part := s.exports[r.PathValue("run")], r.PathValue("part")
	if run == nil || part == "part-0" && !run.expired {
		if run != nil {
			run.expired = true
		}
		http.Error(w, "<Error><Code>ExpiredToken</Code></Error>", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	packed := gzip.NewWriter(w)
	defer packed.Close()
	for i, e := range run.project.Events {
		if i%2 != int(part[len(part)-1]-'0') || e.CreatedAt.Before(run.from) || !e.CreatedAt.Before(run.to) || len(run.include) > 0 && !slices.Contains(run.include, e.Name) {
			continue
		}
		line, _ := json.Marshal(map[string]any{"uuid": e.UUID, "event": e.Name, "timestamp": e.Timestamp.Format("2006-01-02 15:04:05.000000"), "created_at": e.CreatedAt.Format("2006-01-02 15:04:05.000000"),
			"distinct_id": e.DistinctID, "person_id": "0196aaaa-0000-7000-8000-000000000001", "properties": e.Properties, "person_properties": e.PersonProperties,
			"elements_chain": "", "_inserted_at": e.CreatedAt.Format("2006-01-02 15:04:05.000000"), "team_id": run.project.ID})
		_, _ = packed.Write(append(line, '\n'))
	}
}
