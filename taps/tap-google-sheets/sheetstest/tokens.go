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
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

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
func ServiceKey(t testing.TB, tokenURL string) map[string]any {
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
