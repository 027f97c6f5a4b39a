package pemfile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/ssh"
)

func TestKey(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	sealed, err := pkcs8.MarshalPrivateKey(key, []byte("open"), nil)
	require.NoError(t, err)
	openssh, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("open"))
	require.NoError(t, err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}))
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}))
	private := file(t, text, 0o600)

	for name, c := range map[string]struct{ value, password, err string }{
		"text":                        {value: text},
		"text on one line":            {value: strings.ReplaceAll(text, "\n", `\n`)},
		"base64":                      {value: base64.StdEncoding.EncodeToString([]byte(text))},
		"file":                        {value: private},
		"encrypted":                   {value: encrypted, password: "open"},
		"encrypted, OpenSSH":          {value: string(pem.EncodeToMemory(openssh)), password: "open"},
		"wrong password":              {value: encrypted, password: "shut", err: "its password is another one"},
		"wrong password, OpenSSH":     {value: string(pem.EncodeToMemory(openssh)), password: "shut", err: "the key's password is another one"},
		"no password":                 {value: encrypted, err: "its password is not given"},
		"no password, OpenSSH":        {value: string(pem.EncodeToMemory(openssh)), err: "its password is not given"},
		"file for all to read":        {value: file(t, text, 0o644), err: "others may read the file (mode 0644)"},
		"with parameters before it":   {value: "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + text},
		"no file":                     {value: private + "x", err: "no such file"},
		"folder":                      {value: filepath.Dir(private), err: "it is not a file"},
		"file of something else":      {value: file(t, "hello", 0o600), err: "no key in PEM form"},
		"key whose form is not known": {value: "MIIsecret", err: "no such file"},
	} {
		got, err := Key(c.value, c.password)
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			require.NotContains(t, err.Error(), "secret", name)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, key.Equal(got), name)
	}
}

// The root's files may be read by their group.
func TestKeyOfRoot(t *testing.T) {
	t.Parallel()
	path := file(t, "x", 0o640)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.Geteuid() == 0, private(info) == nil)
}

func TestText(t *testing.T) {
	t.Parallel()
	got, err := Text(file(t, "certificate", 0o644))
	require.NoError(t, err)
	require.Equal(t, "certificate", string(got))
	_, err = Text("/nowhere/root.crt")
	require.ErrorContains(t, err, "no such file")
}

func file(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	return path
}
