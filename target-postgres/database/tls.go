package database

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/pemfile"
)

// secure gives every attempt to connect that uses TLS the certificates and the key that these words name or hold, and empties the
// words. A server's certificate is checked in every mode once there are roots to check it against, as libpq does; its host name
// in verify-full alone.
func secure(words map[string]string) (apply func(*pgx.ConnConfig), err error) {
	if words["sslmode"] == "disable" {
		words["sslrootcert"], words["sslcert"], words["sslkey"] = "", "", ""
	}
	root, certificate, key, password := words["sslrootcert"], words["sslcert"], words["sslkey"], words["sslpassword"]
	var roots *x509.CertPool
	if root != "" && root != "system" { // pgx knows the word
		text, err := pemfile.Text(root)
		if err != nil {
			return nil, protocol.ConfigFault("name a file with the certificates of the authorities, or give their text", "sslrootcert: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return nil, protocol.ConfigFault("name a file with the certificates of the authorities, or give their text", "sslrootcert: there is no certificate in PEM form")
		}
		words["sslrootcert"] = "" // not to be read again, nor that of the environment
	}
	var certificates []tls.Certificate
	if words["sslcertmode"] != "disable" && (certificate != "" || key != "") {
		pair, err := keyPair(certificate, key, password)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, pair)
		words["sslcert"], words["sslkey"], words["sslpassword"] = "", "", ""
	}
	least := words["ssl_min_protocol_version"]
	delete(words, "ssl_min_protocol_version")
	return func(c *pgx.ConnConfig) {
		for _, t := range tlsConfigs(c) {
			if t == nil {
				continue
			}
			if least == "TLSv1.3" { // what is older than 1.2 is not spoken anyway
				t.MinVersion = tls.VersionTLS13
			}
			if certificates != nil {
				t.Certificates = certificates
			}
			if roots == nil {
				continue
			}
			t.RootCAs, t.VerifyPeerCertificate = roots, nil
			if t.InsecureSkipVerify { // or crypto/tls would check the name too
				t.VerifyConnection = func(s tls.ConnectionState) error { return vouched(s.PeerCertificates, roots) }
			}
		}
	}, nil
}

// tlsConfigs are those of all attempts to connect, in order; nil for one in the clear.
func tlsConfigs(c *pgx.ConnConfig) []*tls.Config {
	configs := []*tls.Config{c.TLSConfig}
	for _, f := range c.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	return configs
}

// dropClear leaves out the attempts without TLS, and tells whether any attempt is left.
func dropClear(c *pgx.ConnConfig) bool {
	c.Fallbacks = slices.DeleteFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.TLSConfig == nil })
	if c.TLSConfig == nil && len(c.Fallbacks) > 0 {
		first := c.Fallbacks[0]
		c.Host, c.Port, c.TLSConfig, c.Fallbacks = first.Host, first.Port, first.TLSConfig, c.Fallbacks[1:]
	}
	return c.TLSConfig != nil
}

func keyPair(certificate, key, password string) (pair tls.Certificate, err error) {
	const together = "give sslcert and sslkey, and sslpassword when the key is encrypted: the path of a file, or the text"
	if certificate == "" || key == "" {
		return pair, protocol.ConfigFault(together, "a client certificate needs its key, and a key its certificate")
	}
	text, err := pemfile.Text(certificate)
	if err != nil {
		return pair, protocol.ConfigFault(together, "sslcert: %w", err)
	}
	private, err := pemfile.Key(key, password)
	if err != nil {
		return pair, protocol.ConfigFault(together, "sslkey: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return pair, protocol.ConfigFault("use an RSA, ECDSA or Ed25519 key", "sslkey: not a key for TLS")
	}
	pair, err = tls.X509KeyPair(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		return pair, protocol.ConfigFault(together, "sslcert and sslkey: %w", err)
	}
	return pair, nil
}

// vouched checks a chain without the host's name.
func vouched(chain []*x509.Certificate, roots *x509.CertPool) error {
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// tlsFault says what to do about a certificate that one side does not accept; nil for any other error.
func tlsFault(err error) error {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var refused *net.OpError
	switch {
	case errors.As(err, &name):
		names := slices.Clone(name.Certificate.DNSNames)
		for _, ip := range name.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) == 0 {
			names = []string{"no host (it has no subject alternative name)"}
		}
		return protocol.ConfigFault("connect by a name that the certificate is for, or set sslmode to verify-ca, which leaves the name unchecked",
			"the server's certificate is for %s, not for %s", strings.Join(names, ", "), name.Host)
	case errors.As(err, &authority):
		return protocol.ConfigFault("give the certificate of the server's authority as sslrootcert",
			"the server's certificate is signed by an authority that is not trusted here")
	case errors.As(err, &invalid):
		return protocol.ConfigFault("renew the server's certificate, or set this machine's clock", "the server's certificate: %w", invalid)
	case errors.As(err, &refused) && refused.Op == "remote error":
		return protocol.ConfigFault("give as sslcert and sslkey a certificate of an authority that the server trusts",
			"the server ended the TLS handshake: %w", refused.Err)
	}
	return nil
}
