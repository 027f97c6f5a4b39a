package pemfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzKey reads any text as a private key; no part of it is in an error.
func FuzzKey(f *testing.F) {
	f.Add("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHunter2\n-----END PRIVATE KEY-----", "")
	f.Add("-----BEGIN RSA PRIVATE KEY-----\\nProc-Type: 4,ENCRYPTED\\nDEK-Info: AES-128-CBC,00\\n\\nAAAA\\n-----END RSA PRIVATE KEY-----", "hunter2")
	f.Add("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----", "x")
	f.Fuzz(func(t *testing.T, text, password string) {
		if !strings.Contains(text, "-----BEGIN ") {
			return // a path
		}
		if _, err := Key(text, password); err != nil && len(password) > 6 {
			require.NotContains(t, err.Error(), password)
		}
	})
}
