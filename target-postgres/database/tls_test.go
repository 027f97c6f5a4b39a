package database

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// An authority vouches for certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	text        string
}

func newAuthority(t *testing.T, name string) authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := authority{certificate: template}
	text, key := a.sign(t, template)
	a.text, a.key = text, key
	return a
}

// sign gives a certificate, in PEM form, and its key. An authority without a key signs itself.
func (a authority) sign(t *testing.T, template *x509.Certificate) (string, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	by := a.key
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), by)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), key
}

// named gives a certificate for a host or a role, and its key.
func (a authority) named(t *testing.T, name string, expires time.Time) (certificate, key string, signer crypto.Signer) {
	t.Helper()
	certificate, signer = a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: expires,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	require.NoError(t, err)
	return certificate, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), signer
}

// secureServer turns TLS on at the tests' server, with a certificate for db.example.com. The role "by certificate" gets in with a client
// certificate of the authority, the role "in the clear" without TLS. It gives the options that lead there.
func secureServer(t *testing.T, vouches authority) Options {
	t.Helper()
	certificate, key, _ := vouches.named(t, "db.example.com", time.Now().Add(time.Hour))
	dsn := servertest.Database(t)
	conn := servertest.Connect(t, dsn)
	execute := func(sql string) {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		require.NoError(t, err)
	}
	write := func(text, command string) {
		execute("CREATE TEMP TABLE line AS SELECT * FROM regexp_split_to_table(" + columns.Literal(text) + ", '\n')" +
			"; COPY line TO PROGRAM " + columns.Literal("umask 077; "+command) + "; DROP TABLE line")
	}
	write(certificate, "cat > server.crt")
	write(key, "cat > server.key")
	write(vouches.text, "cat > root.crt")
	write("hostssl all \"by certificate\" 127.0.0.1/32 cert\nhostnossl all \"in the clear\" 127.0.0.1/32 trust", "cat - pg_hba.conf > hba && cat hba > pg_hba.conf")
	execute("CREATE ROLE \"by certificate\" LOGIN; CREATE ROLE \"in the clear\" LOGIN")
	t.Cleanup(func() {
		_, err := servertest.Connect(t, dsn).PgConn().Exec(context.Background(), "DROP ROLE \"by certificate\"; DROP ROLE \"in the clear\"").ReadAll()
		require.NoError(t, err)
	})
	execute("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
	execute("ALTER SYSTEM SET ssl = on")
	execute("SELECT pg_reload_conf()")
	var port int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_setting('port')::int").Scan(&port))
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	password, _ := u.User.Password()
	o := Options{
		Host: "db.example.com", Port: port, User: "postgres", Password: password, Database: u.Path[1:],
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprint("127.0.0.1:", port))
		},
	}
	// The server reads its files again at its own pace.
	require.Eventually(t, func() bool {
		secure := o
		secure.SSLMode = "require"
		c, err := Connect(t.Context(), secure)
		return err == nil && c.Close(t.Context()) == nil
	}, 30*time.Second, 20*time.Millisecond)
	return o
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	base := secureServer(t, ours)
	certificate, key, signer := ours.named(t, "by certificate", time.Now().Add(time.Hour))
	strange, strangeKey, _ := theirs.named(t, "by certificate", time.Now().Add(time.Hour))
	other, otherKey, _ := ours.named(t, "somebody else", time.Now().Add(time.Hour))
	expired, expiredKey, _ := ours.named(t, "by certificate", time.Now().Add(-time.Hour))
	sealed, err := pkcs8.MarshalPrivateKey(signer, []byte("open"), nil)
	require.NoError(t, err)
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}))
	file := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "file.pem")
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		return path
	}
	byCertificate := func(certificate, key string) func(*Options) {
		return func(o *Options) {
			o.User, o.Password, o.SSLMode, o.SSLRootCert, o.SSLCert, o.SSLKey = "by certificate", "", "verify-full", ours.text, certificate, key
		}
	}
	with := func(change func(*Options), more ...func(*Options)) func(*Options) {
		return func(o *Options) {
			change(o)
			for _, m := range more {
				m(o)
			}
		}
	}
	mode := func(mode, root string) func(*Options) {
		return func(o *Options) { o.SSLMode, o.SSLRootCert = mode, root }
	}
	host := func(name string) func(*Options) { return func(o *Options) { o.Host = name } }
	for _, c := range []struct {
		name   string
		change func(*Options)
		tls    bool
		err    []string // texts of the fault, a Config one
	}{
		{"disable", mode("disable", ""), false, nil},
		{"allow", mode("allow", ""), false, nil},
		{"prefer", mode("prefer", ""), true, nil},
		{"without a mode", mode("", ""), true, nil},
		{"require", mode("require", ""), true, nil},
		{"require another name", with(mode("require", ours.text), host("localhost")), true, nil},
		{"require with roots is verify-ca", mode("require", theirs.text), true, []string{"not trusted here", "sslrootcert"}},
		{"verify-ca", with(mode("verify-ca", file(ours.text, 0o644)), host("localhost")), true, nil},
		{"verify-ca of another authority", mode("verify-ca", theirs.text), true, []string{"not trusted here", "sslrootcert"}},
		{"verify-full", mode("verify-full", base64.StdEncoding.EncodeToString([]byte(ours.text))), true, nil},
		{"verify-full of the system's roots", mode("verify-full", "system"), true, []string{"not trusted here", "sslrootcert"}},
		{"verify-full of another name", with(mode("verify-full", ours.text), host("localhost")), true,
			[]string{"is for db.example.com, not for localhost", "verify-ca"}},
		{"prefer needs no trust", mode("prefer", theirs.text), false, nil},
		{"in a URL", func(o *Options) {
			*o = Options{Dial: o.Dial, DSN: fmt.Sprintf("postgres://postgres:%s@db.example.com:%d/%s?sslmode=verify-full&sslrootcert=%s",
				url.PathEscape(o.Password), o.Port, o.Database, url.PathEscape(file(ours.text, 0o644)))}
		}, true, nil},
		{"TLS where the role may not", func(o *Options) { o.User, o.SSLMode = "in the clear", "require" }, true, []string{"28"}},
		{"need of TLS", func(o *Options) { o.SSLMode, o.NeedTLS = "allow", true }, true, nil},
		{"need of TLS, ruled out", func(o *Options) { o.SSLMode, o.NeedTLS = "disable", true }, true, []string{"needs TLS", "sslmode"}},

		{"client certificate", byCertificate(certificate, key), true, nil},
		{"client certificate in files", byCertificate(file(certificate, 0o644), file(key, 0o600)), true, nil},
		{"client certificate, encrypted key", with(byCertificate(certificate, encrypted), func(o *Options) { o.SSLPassword = "open" }), true, nil},
		{"encrypted key, wrong password", with(byCertificate(certificate, encrypted), func(o *Options) { o.SSLPassword = "shut" }), true,
			[]string{"sslkey", "its password is another one", "sslpassword"}},
		{"encrypted key, no password", byCertificate(certificate, encrypted), true, []string{"sslkey", "is not given", "sslpassword"}},
		{"no client certificate", byCertificate("", ""), true, []string{"28000", "give sslcert and sslkey"}},
		{"certificate without key", byCertificate(certificate, ""), true, []string{"a client certificate needs its key", "sslkey"}},
		{"key for all to read", byCertificate(certificate, file(key, 0o644)), true, []string{"sslkey", "chmod 600"}},
		{"key of another certificate", byCertificate(certificate, otherKey), true, []string{"sslcert and sslkey", "does not match"}},
		{"certificate of another role", byCertificate(other, otherKey), true, []string{"28000", "give sslcert and sslkey"}},
		{"certificate of another authority", byCertificate(strange, strangeKey), true, []string{"28000", "give sslcert and sslkey"}},
		{"certificate that has expired", byCertificate(expired, expiredKey), true, []string{"ended the TLS handshake", "that the server trusts"}},
		{"no such roots", mode("verify-ca", "/nowhere/root.crt"), true, []string{"sslrootcert", "no such file"}},
		{"no roots in it", mode("verify-ca", file("hello", 0o644)), true, []string{"sslrootcert", "no certificate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := base
			c.change(&o)
			conn, err := Connect(t.Context(), o)
			if c.err != nil {
				require.Error(t, err)
				require.Equal(t, protocol.Config, protocol.KindOf(err), "%v", err)
				for _, text := range c.err {
					require.ErrorContains(t, err, text)
				}
				return
			}
			require.NoError(t, err)
			defer conn.Close(t.Context())
			var tls bool
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&tls))
			require.Equal(t, c.tls, tls)
		})
	}
}

// A server without TLS, as the tests' own is by its socket alone, cannot be told from one that refuses it but by its answer.
func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 8)) // its wish for TLS
			conn.Write([]byte("N"))
			conn.Close()
		}
	}()
	address := listener.Addr().(*net.TCPAddr)
	_, err = Connect(t.Context(), Options{Host: "127.0.0.1", Port: address.Port, User: "u", Database: "d", SSLMode: "require"})
	require.Equal(t, protocol.Config, protocol.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "turn ssl on at the server")
}
