package server

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"

	"github.com/signalroom/signalroom/protocol"
)

// programs are what a folder of server binaries must hold.
var programs = [...]string{"initdb", "pg_ctl", "postgres"}

// fetched are the versions that can be fetched, the newest first. The first is what a new folder gets.
var fetched = [...]embeddedpostgres.PostgresVersion{
	embeddedpostgres.V18, embeddedpostgres.V17, embeddedpostgres.V16, embeddedpostgres.V15, embeddedpostgres.V14,
}

// oldestMajor is the oldest version that database.Connect takes.
const oldestMajor = 12

// binaries is the folder of the server programs: the newest of that major version on the machine, any of them for "",
// otherwise one that is fetched.
func (c *cluster) binaries(ctx context.Context, major string) (string, error) {
	best, bestVersion := "", 0
	for _, dir := range installed() {
		if !c.account.reaches(dir) {
			continue
		}
		if v := majorOf(ctx, dir); v >= oldestMajor && v > bestVersion && (major == "" || major == strconv.Itoa(v)) {
			best, bestVersion = dir, v
		}
	}
	if best != "" {
		return best, nil
	}
	for _, v := range fetched {
		if major == "" || strings.HasPrefix(string(v), major+".") {
			return c.fetch(ctx, v)
		}
	}
	return "", protocol.ConfigFault("install that version, or name a new folder",
		"private server: there are no programs of PostgreSQL %s on this machine, and none to fetch", major)
}

// installed are the folders on this machine that hold server programs: those of the PATH, and where packages put them.
func installed() []string {
	var candidates []string
	for _, name := range []string{"postgres", "initdb"} {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.EvalSymlinks(path); err == nil {
				candidates = append(candidates, filepath.Dir(path))
			}
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for Red Hat
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew
		"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
		"/usr/local/pgsql/bin",                               // built from source
	} {
		if found, err := filepath.Glob(pattern); err == nil {
			candidates = append(candidates, found...)
		}
	}
	complete := candidates[:0]
	for _, dir := range candidates {
		if hasPrograms(dir) {
			complete = append(complete, dir)
		}
	}
	return complete
}

func hasPrograms(dir string) bool {
	for _, name := range programs {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var versionNumber = regexp.MustCompile(`\d+`)

// majorOf asks the server program for its version, such as "postgres (PostgreSQL) 16.9". 0 means that it does not run.
func majorOf(ctx context.Context, dir string) int {
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	v, _ := strconv.Atoi(string(versionNumber.Find(out)))
	return v
}

// fetch downloads the version once and keeps it for every later folder.
func (c *cluster) fetch(ctx context.Context, version embeddedpostgres.PostgresVersion) (string, error) {
	cache, err := c.cache()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, string(version))
	bin := filepath.Join(kept, "bin")
	if hasPrograms(bin) {
		return bin, nil
	}
	alone, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer alone.Close()
	if hasPrograms(bin) {
		return bin, nil
	}
	c.Log.Info("fetching PostgreSQL, since there is none on this machine", "version", string(version), "into", kept)
	work, err := os.MkdirTemp(cache, "fetching-")
	if err != nil {
		return "", protocol.SystemFault("", "private server: %w", err)
	}
	defer os.RemoveAll(work)
	if err := download(work, version); err != nil {
		return "", err
	}
	if err := os.RemoveAll(kept); err != nil {
		return "", protocol.SystemFault("", "private server: %w", err)
	}
	if err := os.Rename(filepath.Join(work, "programs"), kept); err != nil {
		return "", protocol.SystemFault("", "private server: %w", err)
	}
	return bin, nil
}

// download puts the version's programs into work/programs.
//
// The library's one way to fetch is to start a server. It gets a data folder that no server starts in, so that it fetches,
// unpacks and gives up, as any user, root too; what counts is what then lies in the folder.
func download(work string, version embeddedpostgres.PostgresVersion) error {
	data := filepath.Join(work, "no-data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	major, _, _ := strings.Cut(string(version), ".")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	into := filepath.Join(work, "programs")
	err := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).Port(0).Logger(io.Discard).
		CachePath(work).RuntimePath(filepath.Join(work, "run")).DataPath(data).BinariesPath(into)).Start()
	if !hasPrograms(filepath.Join(into, "bin")) {
		return protocol.TransientFault("install PostgreSQL, give a dsn, or see that Maven Central can be reached",
			"private server: fetching PostgreSQL %s: %w", version, err)
	}
	return os.Chmod(into, 0o755)
}

// cache is the folder for fetched programs: the user's own, or for root one that the server's account can enter.
func (c *cluster) cache() (string, error) {
	root := "/var/cache"
	if !c.account.switched {
		var err error
		if root, err = os.UserCacheDir(); err != nil {
			return "", protocol.ConfigFault("set HOME", "private server: no place for fetched programs: %w", err)
		}
	}
	dir := filepath.Join(root, "signalroom", "postgresql")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", protocol.SystemFault("", "private server: no place for fetched programs: %w", err)
	}
	return dir, nil
}

// majorOfData is the version that a data folder was made by.
func majorOfData(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	return string(bytes.TrimSpace(text))
}
