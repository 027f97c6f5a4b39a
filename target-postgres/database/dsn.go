package database

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// libpqEnv are the environment variables of libpq and the keywords that they stand for.
var libpqEnv = [...][2]string{
	{"PGHOST", "host"}, {"PGPORT", "port"}, {"PGDATABASE", "database"}, {"PGUSER", "user"}, {"PGPASSWORD", "password"},
	{"PGPASSFILE", "passfile"}, {"PGSERVICE", "service"}, {"PGSERVICEFILE", "servicefile"}, {"PGSSLMODE", "sslmode"},
	{"PGSSLKEY", "sslkey"}, {"PGSSLCERT", "sslcert"}, {"PGSSLROOTCERT", "sslrootcert"}, {"PGSSLPASSWORD", "sslpassword"},
	{"PGSSLSNI", "sslsni"}, {"PGSSLCERTMODE", "sslcertmode"}, {"PGSSLNEGOTIATION", "sslnegotiation"}, {"PGREQUIREAUTH", "require_auth"},
	{"PGCONNECT_TIMEOUT", "connect_timeout"}, {"PGTARGETSESSIONATTRS", "target_session_attrs"},
	{"PGOPTIONS", "options"}, {"PGCHANNELBINDING", "channel_binding"},
}

// keywords are libpq's words for the connection and what the DSN, the other settings or the environment say of them, in this order.
func (o Options) keywords() (map[string]string, error) {
	words := map[string]string{}
	for _, e := range libpqEnv {
		if o.Env == nil {
			break
		}
		if v, ok := o.Env(e[0]); ok && v != "" {
			words[e[1]] = v
		}
	}
	for k, v := range map[string]string{
		"host": o.Host, "user": o.User, "password": o.Password, "database": o.Database, "sslmode": o.SSLMode,
		"sslrootcert": o.SSLRootCert, "sslcert": o.SSLCert, "sslkey": o.SSLKey, "sslpassword": o.SSLPassword,
	} {
		if v != "" {
			words[k] = v
		}
	}
	if o.Port != 0 {
		words["port"] = strconv.Itoa(o.Port)
	}
	said, err := parseDSN(o.DSN)
	for k, v := range said {
		if k == "dbname" {
			k = "database"
		}
		words[k] = v // of two words for one thing the last counts
	}
	for _, word := range withoutEffect {
		delete(words, word)
	}
	for _, word := range notKnown {
		if words[word] != "" && err == nil {
			err = protocol.ConfigFault("take it out", "dsn: %s is not known here, and must not be skipped", word)
		}
	}
	return words, err
}

// Words of libpq that pgx would take for parameters of the server.
var (
	withoutEffect = [...]string{"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "gsslib",
		"gssdelegation", "sslcompression", "ssl_max_protocol_version", "load_balance_hosts", "fallback_application_name"}
	notKnown = [...]string{"sslcrl", "sslcrldir", "requirepeer", "hostaddr"}
)

// parseDSN reads a URL, also in SQLAlchemy's spelling, or a libpq string. Its errors are Config faults that hold no secret.
func parseDSN(dsn string) (map[string]string, error) {
	scheme, rest, isURL := strings.Cut(dsn, "://")
	if !isURL {
		words, err := parseWords(dsn)
		if err != nil {
			return nil, protocol.ConfigFault("write it as word=value, with '…' around a value that has blanks", "dsn: %w", err)
		}
		return words, nil
	}
	if name, _, _ := strings.Cut(scheme, "+"); name != "postgres" && name != "postgresql" {
		return nil, protocol.ConfigFault("begin it with postgres://", "dsn: not the URL of a PostgreSQL server")
	}
	words, err := parseURL(rest)
	if err != nil {
		return nil, protocol.ConfigFault("write special characters in the user name and password as %XX", "dsn: not a valid URL")
	}
	return words, nil
}

// parseURL reads what follows the scheme. As libpq has it, there may be several hosts, and a + is no blank.
func parseURL(text string) (map[string]string, error) {
	words := map[string]string{}
	var failed error
	set := func(word, escaped string) {
		v, err := url.PathUnescape(escaped)
		if err != nil {
			failed = err
		}
		if v != "" {
			words[word] = v
		}
	}
	text, query, _ := strings.Cut(text, "?")
	authority, database, _ := strings.Cut(text, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		set("user", user)
		set("password", password)
		authority = authority[at+1:]
	}
	set("database", strings.TrimSuffix(database, "/"))
	if authority != "" {
		hosts, ports, err := parseServers(authority)
		if err != nil {
			return nil, err
		}
		set("host", hosts)
		set("port", ports)
	}
	for pair := range strings.SplitSeq(query, "&") {
		word, value, _ := strings.Cut(pair, "=")
		if word == "ssl" && value == "true" {
			word, value = "sslmode", "require"
		}
		if word == "dbname" {
			word = "database"
		}
		if strings.ContainsAny(word, blanks+`'\`) {
			return nil, errors.New("not a word")
		}
		if word != "" {
			set(word, value)
		}
	}
	if authority == "" && words["host"] != "" && words["port"] == "" {
		words["port"] = "5432"
	}
	return words, failed
}

// parseServers reads the servers of a URL, and gives hosts and ports as libpq's words have them.
func parseServers(list string) (hosts, ports string, err error) {
	for server := range strings.SplitSeq(list, ",") {
		host, port := server, ""
		if colon := strings.LastIndexByte(server, ':'); colon > strings.LastIndexByte(server, ']') {
			host, port = server[:colon], server[colon+1:]
		}
		if strings.Contains(strings.Trim(host, "[]"), ":") != strings.HasPrefix(host, "[") {
			return "", "", errors.New("a colon too many")
		}
		if port == "" {
			port = "5432" // a URL that names a host means that host's own port
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", "", errors.New("not a port")
		}
		hosts, ports = hosts+","+strings.Trim(host, "[]"), ports+","+port
	}
	return hosts[1:], ports[1:], nil
}

const blanks = " \t\n\r\v\f"

// parseWords reads a libpq string.
func parseWords(text string) (map[string]string, error) {
	words := map[string]string{}
	for text = strings.TrimLeft(text, blanks); text != ""; text = strings.TrimLeft(text, blanks) {
		word, rest, ok := strings.Cut(text, "=")
		word = strings.Trim(word, blanks)
		if !ok || word == "" || strings.ContainsAny(word, blanks) {
			return nil, errors.New("a word has no value")
		}
		if words[word], text, ok = parseValue(strings.TrimLeft(rest, blanks)); !ok {
			return nil, errors.New("a quote is not closed")
		}
	}
	return words, nil
}

func parseValue(text string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(text, "'")
	text = strings.TrimPrefix(text, "'")
	var b []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b = append(b, text[i])
		case quoted && c == '\'':
			return string(b), text[i+1:], true
		case !quoted && strings.IndexByte(blanks, c) >= 0:
			return string(b), text[i:], true
		default:
			b = append(b, c)
		}
	}
	return string(b), "", !quoted
}

// connString is the libpq string of these words.
func connString(words map[string]string) string {
	var list []string
	for k, v := range words {
		list = append(list, k+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v)+"'")
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
