package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/googleapi"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// errMoved is found in the fault of a request for cells that are no longer there: the tab was renamed or removed, or has fewer rows.
var errMoved = errors.New("the tab is not as it was")

// An apiError is the body of a failed request. Sheets sends status and details, Drive sends errors.
// https://cloud.google.com/apis/design/errors#http_mapping
type apiError struct {
	Error struct {
		Message string `json:"message"`
		Details []struct {
			Reason   string            `json:"reason"`
			Metadata map[string]string `json:"metadata"`
		} `json:"details"`
		Errors []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
	} `json:"error"`
}

// reasons are the words for programs in an error.
func (e *apiError) reasons() []string {
	var reasons []string
	for _, d := range e.Error.Details {
		reasons = append(reasons, d.Reason)
	}
	for _, d := range e.Error.Errors {
		reasons = append(reasons, d.Reason)
	}
	return reasons
}

func (e *apiError) has(reasons ...string) bool {
	return slices.ContainsFunc(e.reasons(), func(r string) bool { return slices.Contains(reasons, r) })
}

// judge refines what becomes of a failed request.
func (s *source) judge(f *rest.Failure, v *rest.Verdict) {
	fault, limited := s.credentials.fault(f.Status, f.Body, f)
	if limited {
		v.Retry = true
	}
	if fault != nil {
		v.Fault = fault
	}
}

// explain does the same for an error of Google's library, which sees only whole answers.
func (s *source) explain(err error) error {
	var failed *googleapi.Error
	var fault *protocol.Fault
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &fault):
		return fault // without the address that net/http puts in front
	case errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return protocol.ConfigFault("is base_url the address of Google's API?", "the answer cannot be read: %w", err)
	case !errors.As(err, &failed):
		return err
	}
	cause := fmt.Errorf("%d %s: %s", failed.Code, http.StatusText(failed.Code), failed.Message)
	if fault, _ = s.credentials.fault(failed.Code, []byte(failed.Body), cause); fault != nil {
		return fault
	}
	if failed.Code == http.StatusTooManyRequests || failed.Code >= 500 {
		return protocol.TransientFault("run again later", "%w", cause)
	}
	return protocol.ConfigFault("check the spreadsheet in the settings", "%w", cause)
}

// fault says what to do about a status that Google explains; nil for others. limited is a limit of requests that is reported as
// if it were a permission. Where Google gives no reason for a program, its words decide.
// https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors
func (c *Credentials) fault(status int, body []byte, cause error) (fault *protocol.Fault, limited bool) {
	var token struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &token) == nil && token.Error != "" && status < 500 {
		return c.refused(token.Error, token.Description), false
	}
	var e apiError
	_ = json.Unmarshal(body, &e) // a web page has no reasons
	said := e.Error.Message
	switch status {
	case http.StatusBadRequest:
		switch {
		case strings.Contains(said, "exceeds grid limits"), strings.Contains(said, "Unable to parse range"):
			return protocol.TransientFault("run again: the tab was changed while it was read", "%w: %w", errMoved, cause), false
		case strings.Contains(said, "must not be an Office file"):
			return protocol.ConfigFault(saveAsSheet, "%w", cause), false
		}
		return protocol.ConfigFault("is the id that of a spreadsheet, and of no other kind of file?", "%w", cause), false
	case http.StatusUnauthorized:
		return protocol.ConfigFault("check the credentials: Google refuses the token that it gave for them", "%w", cause), false
	case http.StatusForbidden:
		switch {
		case e.has("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"):
			return protocol.TransientFault("run again later, or set requests_per_minute lower: others may use the same limit", "%w", cause), true
		case e.has("SERVICE_DISABLED", "accessNotConfigured"):
			return protocol.ConfigFault("enable the API"+e.link()+", and wait a few minutes", "%w", cause), false
		case e.has("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"), strings.Contains(said, "insufficient authentication scopes"):
			return protocol.ConfigFault("grant access again, with the scopes "+strings.Join(scopes, " "), "%w", cause), false
		}
		return protocol.ConfigFault(c.share(), "%w", cause), false
	case http.StatusNotFound:
		return protocol.ConfigFault("check the id: it is not there, deleted, or that of another kind of file; else "+c.share(), "%w", cause), false
	}
	return nil, false
}

const saveAsSheet = "open it in Google Sheets and choose File, Save as Google Sheets; then read the new one"

// link is where to enable an API.
func (e *apiError) link() string {
	for _, d := range e.Error.Details {
		if link := d.Metadata["activationUrl"]; link != "" {
			return " at " + link
		}
	}
	for word := range strings.FieldsSeq(e.Error.Message) {
		if strings.HasPrefix(word, "https://console.") {
			return " at " + strings.TrimRight(word, ".,")
		}
	}
	return ""
}
