package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/drive/v3"
	"google.golang.org/api/sheets/v4"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// scopes are the least that the tap needs: the cells, and when a file changed.
var scopes = []string{sheets.SpreadsheetsReadonlyScope, drive.DriveMetadataReadonlyScope}

// A Key is credentials as JSON: a text, the same in base64, or the object itself.
type Key []byte

// UnmarshalText takes JSON, or JSON in base64. What is neither is refused where it is read as a key.
func (k *Key) UnmarshalText(raw []byte) error {
	*k = Key(strings.TrimSpace(string(raw)))
	if decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(raw)), "")); err == nil {
		*k = decoded
	}
	return nil
}

// UnmarshalJSON takes a text as UnmarshalText does, or an object.
func (k *Key) UnmarshalJSON(raw []byte) error {
	var words string
	if json.Unmarshal(raw, &words) == nil {
		return k.UnmarshalText([]byte(words))
	}
	return k.UnmarshalText(raw)
}

// Credentials put an access token on each request. One token serves all requests until it expires or is refused.
type Credentials struct {
	email  string // that spreadsheets are to be shared with; empty where only Google knows it
	source func(context.Context) (oauth2.TokenSource, error)

	mu    sync.Mutex
	token *oauth2.Token
}

// Authorize puts the token on a request.
func (c *Credentials) Authorize(request *http.Request, client *http.Client) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.token.Valid() {
		network := &network{client.Transport, nil}
		source, err := c.source(context.WithValue(request.Context(), oauth2.HTTPClient, &http.Client{Transport: network}))
		if err != nil {
			return err
		}
		if c.token, err = source.Token(); err != nil {
			return cmp.Or(network.err, asFailure(err))
		}
	}
	c.token.SetAuthHeader(request)
	return nil
}

// A network keeps what went wrong below a library that makes a text of it.
type network struct {
	http.RoundTripper
	err error
}

// RoundTrip sends a request.
func (n *network) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := n.RoundTripper.RoundTrip(request)
	n.err = err
	return response, err
}

// Refused drops the token that the request had, so that the next one asks for another.
func (c *Credentials) Refused(request *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != nil && request.Header.Get("Authorization") == c.token.Type()+" "+c.token.AccessToken {
		c.token = nil
	}
	return true
}

// asFailure is the answer that refused a token, for [source.judge].
func asFailure(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return protocol.ConfigFault("check the credentials", "Google gives no token: %w", err)
	}
	return &rest.Failure{Method: http.MethodPost, Endpoint: "token", Status: refused.Response.StatusCode, Header: refused.Response.Header, Body: refused.Body}
}

// refused says what to do when no token is to be had.
// https://developers.google.com/identity/protocols/oauth2#expiration
func (c *Credentials) refused(code, description string) *protocol.Fault {
	hint := "check the credentials"
	switch {
	case code == "invalid_grant" && c.email != "":
		hint = "the key was deleted or its account disabled, or this machine's clock is wrong; make a new key in the Google Cloud console"
	case code == "invalid_grant":
		hint = "grant access again for a new refresh token; those of an OAuth application in testing last seven days"
	case code == "invalid_client":
		hint = "check oauth_client_id and oauth_client_secret"
	case code == "unauthorized_client":
		hint = "allow the service account both scopes in the Admin console, or leave out subject: " + strings.Join(scopes, " ")
	}
	return protocol.ConfigFault(hint, "Google gives no token: %s", strings.TrimSuffix(code+": "+description, ": "))
}

// share tells with whom a spreadsheet must be shared.
func (c *Credentials) share() string {
	if c.email == "" {
		return "share the spreadsheet with the account whose credentials these are, as a viewer"
	}
	return "share the spreadsheet with " + c.email + ", as a viewer"
}

const giveOne = "give credentials_path, credentials_json or the three oauth settings, and no more than one of them"

// credentials reads what the settings give. It touches files, and no network.
func (c *Config) credentials(run *tap.Run) (*Credentials, error) {
	oauth := c.OAuthClientID != "" || c.OAuthClientSecret != "" || c.OAuthRefreshToken != ""
	given := 0
	for _, one := range []bool{c.CredentialsPath != "", c.CredentialsJSON != nil, oauth} {
		if one {
			given++
		}
	}
	path, _ := run.Env("GOOGLE_APPLICATION_CREDENTIALS")
	switch {
	case given > 1:
		return nil, protocol.ConfigFault(giveOne, "there are several credentials")
	case oauth && (c.OAuthClientID == "" || c.OAuthClientSecret == "" || c.OAuthRefreshToken == ""):
		return nil, protocol.ConfigFault("oauth_client_id, oauth_client_secret and oauth_refresh_token belong together", "the OAuth settings are incomplete")
	case oauth:
		return c.user(c.OAuthClientID, c.OAuthClientSecret, c.OAuthRefreshToken), nil
	case c.CredentialsJSON != nil:
		return c.parseKey(c.CredentialsJSON, "credentials_json")
	case c.CredentialsPath != "":
		return c.readKey(c.CredentialsPath)
	case path != "":
		if found, err := c.readKey(path); !errors.Is(err, errOtherType) {
			return found, err
		}
	}
	return &Credentials{source: func(ctx context.Context) (oauth2.TokenSource, error) {
		found, err := google.FindDefaultCredentials(ctx, scopes...)
		if err != nil {
			return nil, protocol.ConfigFault(giveOne, "there are no credentials: neither in the settings nor where Google's own tools keep them")
		}
		return found.TokenSource, nil
	}}, nil
}

func (c *Config) readKey(path string) (*Credentials, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, protocol.ConfigFault("check credentials_path", "reading the credentials: %w", err)
	}
	return c.parseKey(raw, path)
}

// errOtherType is a kind of credentials that Google's library takes from the environment alone.
var errOtherType = errors.New("credentials of this type are not taken")

// parseKey reads a key of a service account or of an authorized user. Other types name addresses to be asked, which nobody
// should follow who was merely given a file.
func (c *Config) parseKey(raw []byte, origin string) (*Credentials, error) {
	var key struct {
		Type         string `json:"type"`
		ClientEmail  string `json:"client_email"`
		PrivateKey   string `json:"private_key"`
		PrivateKeyID string `json:"private_key_id"`
		TokenURI     string `json:"token_uri"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(mendNewlines(raw), &key); err != nil {
		return nil, protocol.ConfigFault("give the file as Google has made it", "%s: the credentials are no JSON", origin)
	}
	switch key.Type {
	case "authorized_user":
		if key.ClientID == "" || key.ClientSecret == "" || key.RefreshToken == "" {
			return nil, protocol.ConfigFault("it needs client_id, client_secret and refresh_token", "%s: the credentials of the user are incomplete", origin)
		}
		return c.user(key.ClientID, key.ClientSecret, key.RefreshToken), nil
	case "service_account":
	case "":
		return nil, protocol.ConfigFault("make a key of a service account in the Google Cloud console, as JSON", "%s: the credentials have no type", origin)
	default:
		return nil, protocol.ConfigFault("use the key of a service account, or Google's application default credentials", "%s: %w: %q", origin, errOtherType, key.Type)
	}
	// A key that came through an environment variable often has \n where its lines end.
	private := strings.ReplaceAll(key.PrivateKey, `\n`, "\n")
	if err := checkPrivateKey(private); err != nil || key.ClientEmail == "" {
		return nil, protocol.ConfigFault("give the file as Google has made it", "%s: the key of the service account is damaged", origin)
	}
	rebuilt, err := json.Marshal(map[string]string{"type": key.Type, "client_email": key.ClientEmail, "private_key": private,
		"private_key_id": key.PrivateKeyID, "token_uri": cmp.Or(c.TokenURL, key.TokenURI)})
	if err != nil {
		return nil, err
	}
	config, err := google.JWTConfigFromJSON(rebuilt, scopes...)
	if err != nil {
		return nil, protocol.ConfigFault("give the file as Google has made it", "%s: %w", origin, err)
	}
	config.Subject = c.Subject
	return &Credentials{email: key.ClientEmail, source: func(ctx context.Context) (oauth2.TokenSource, error) { return config.TokenSource(ctx), nil }}, nil
}

// user are the credentials of somebody who has granted a refresh token.
func (c *Config) user(id, secret, refresh string) *Credentials {
	config := oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: google.Endpoint}
	if c.TokenURL != "" {
		config.Endpoint = oauth2.Endpoint{TokenURL: c.TokenURL, AuthStyle: oauth2.AuthStyleInParams}
	}
	return &Credentials{source: func(ctx context.Context) (oauth2.TokenSource, error) {
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}), nil
	}}
}

// mendNewlines writes line ends inside of JSON texts as \n, for a key that lost its escapes on the way.
func mendNewlines(raw []byte) []byte {
	var mended []byte
	quoted, escaped := false, false
	for _, c := range raw {
		switch {
		case quoted && c == '\n':
			mended = append(mended, '\\', 'n')
			continue
		case quoted && c == '\r':
			continue
		case c == '"' && !escaped:
			quoted = !quoted
		}
		escaped = c == '\\' && !escaped
		mended = append(mended, c)
	}
	return mended
}

func checkPrivateKey(private string) error {
	block, _ := pem.Decode([]byte(private))
	if block == nil {
		return errors.New("no PEM")
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return fmt.Errorf("no private key: %w", err)
		}
	}
	return nil
}
