// Package auth puts credentials on the requests of a [rest.Client], in the ways that APIs know: a key in a header or in the query,
// user and password, and OAuth 2 tokens.
//
// What it promises: no credential is in an error or a log line. Of an OAuth 2 token there is one for all requests of a run; it is
// renewed once before it expires and once after an API has refused it, however many requests are under way.
package auth

import (
	"net/http"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

// Bearer is the header Authorization: Bearer TOKEN.
func Bearer(token string) rest.Auth { return Header("Authorization", "Bearer "+token) }

// Header is a header with a key in it: X-Eflow-API-Key.
func Header(name, value string) rest.Auth {
	return fixed(func(r *http.Request) { r.Header.Set(name, value) })
}

// Basic is a user with a password.
func Basic(user, password string) rest.Auth {
	return fixed(func(r *http.Request) { r.SetBasicAuth(user, password) })
}

// Query is a key in the address of every request, for an API that takes it nowhere else. Addresses are never logged with their query.
func Query(name, value string) rest.Auth {
	return fixed(func(r *http.Request) {
		query := r.URL.Query()
		query.Set(name, value)
		r.URL.RawQuery = query.Encode()
	})
}

// fixed credentials do not change in a run, so a refused one is of no further use.
type fixed func(*http.Request)

// Authorize adds the credentials.
func (f fixed) Authorize(request *http.Request, _ *http.Client) error {
	f(request)
	return nil
}

// Refused says that there are no others.
func (fixed) Refused(*http.Request) bool { return false }
