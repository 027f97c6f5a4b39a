package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// OAuth2 is what a token is asked for with, by the grant client_credentials. Id and secret travel in the form of the request, never in a
// header.
type OAuth2 struct {
	TokenURL     string
	ClientID     string
	ClientSecret string
	// CacheFile keeps the token from run to run, readable by its owner alone; empty: it is not kept. A damaged file, or one that cannot be
	// written, costs a warning.
	CacheFile string
	Log       *slog.Logger
}

// Tokens are the one token that all requests of a run share. It is safe for parallel use.
type Tokens struct {
	config OAuth2
	mu     sync.Mutex
	loaded bool // the cache has been looked at
	token  *oauth2.Token
}

// NewTokens asks for no token yet.
func NewTokens(config OAuth2) *Tokens { return &Tokens{config: config} }

// early is how long before its end a token is renewed, so that it does not expire on the way.
const early = time.Minute

// Authorize puts the token on a request, and gets one first where that is due. Its error is a fault, or a [rest.Failure].
func (t *Tokens) Authorize(request *http.Request, client *http.Client) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.loaded {
		t.loaded = true
		t.token = t.load()
	}
	if t.token == nil || t.token.AccessToken == "" || !t.token.Expiry.IsZero() && time.Until(t.token.Expiry) < early {
		token, err := t.fetch(context.WithValue(request.Context(), oauth2.HTTPClient, client))
		if err != nil {
			return err
		}
		t.token = token
		t.save(token)
	}
	request.Header.Set("Authorization", "Bearer "+t.token.AccessToken)
	return nil
}

// Refused forgets the token of a request that the API refused, unless another has taken its place already.
func (t *Tokens) Refused(request *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && request.Header.Get("Authorization") == "Bearer "+t.token.AccessToken {
		t.token = nil
	}
	return true
}

// fetch asks for a new token.
func (t *Tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	config := clientcredentials.Config{ClientID: t.config.ClientID, ClientSecret: t.config.ClientSecret, TokenURL: t.config.TokenURL,
		AuthStyle: oauth2.AuthStyleInParams}
	token, err := config.Token(ctx)
	if err == nil {
		return token, nil
	}
	var refused *oauth2.RetrieveError
	var fault *protocol.Fault
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &fault):
		return nil, fault
	case errors.As(err, &refused):
		html := strings.HasPrefix(refused.Response.Header.Get("Content-Type"), "text/html")
		return nil, &rest.Failure{Method: http.MethodPost, Endpoint: refused.Response.Request.URL.Path, Status: refused.Response.StatusCode,
			Header: refused.Response.Header, Body: refused.Body, HTML: html}
	}
	return nil, protocol.ConfigFault("check base_url", "the address that should give a token answers with something else")
}
