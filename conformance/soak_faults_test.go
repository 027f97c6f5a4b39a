package main

import (
	"bufio"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/taps/tap/taptest"
	"github.com/signalroom/signalroom/target-postgres/server/proxy"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// Faults that hit the run of one tap. The first word says where.
var tapFaults = []string{
	"tap killed", "target killed", "both killed", "tap terminated", "target terminated",
	"source cut", "source silent", "source throttles", "source fails", "source slow",
	"database cut", "database slow",
}

// Faults that hit all runs at once.
const (
	calm              = "" // none
	postgresKilled    = "PostgreSQL killed"
	postgresRestarted = "PostgreSQL restarted"
	diskFull          = "disk full"
	s3Killed          = "S3 server killed"
)

var weathers = []string{postgresKilled, postgresRestarted, s3Killed, diskFull}

// A base is the server that all taps of a life load into, and the S3 server that one of them reads.
type base struct {
	rng    *rand.Rand
	server *servertest.Own
	dsn    string
	disk   string // the small file system that holds the database; empty where none can be made
	store  *s3test.Server
	proxy  *s3test.Proxy

	mu       sync.Mutex
	requests int                                    // through the proxy
	spoil    func(request int) (s3test.Fault, bool) // the fault of a request, if any; nil: all pass
}

func newBase(t *testing.T) *base {
	b := &base{server: servertest.Alone(t, nil), store: newStore(t), disk: smallDisk(t)}
	b.proxy = s3test.NewProxy(t, b.store, b.s3Fault)
	conn := servertest.Connect(t, b.server.DSN())
	defer conn.Close(t.Context())
	create := "CREATE DATABASE soak TEMPLATE template0"
	if b.disk != "" {
		t.Cleanup(func() { b.server.Stop(t) }) // before the disk goes
		data, err := os.Stat(b.server.Data(""))
		require.NoError(t, err)
		owner := data.Sys().(*syscall.Stat_t)
		space := filepath.Join(b.disk, "space")
		require.NoError(t, os.Mkdir(space, 0o700))
		require.NoError(t, os.Chown(space, int(owner.Uid), int(owner.Gid)))
		_, err = conn.Exec(t.Context(), "CREATE TABLESPACE small LOCATION '"+space+"'")
		require.NoError(t, err)
		create += " TABLESPACE small"
	}
	_, err := conn.Exec(t.Context(), create)
	require.NoError(t, err)
	u, err := url.Parse(b.server.DSN())
	require.NoError(t, err)
	u.Path = "/soak"
	b.dsn = u.String()
	return b
}

// mountDisk mounts a small file system at the folder $1 until its input ends.
const mountDisk = `mount -t tmpfs -o size=128m soak "$1" && chmod 755 "$1" && echo mounted && read line
umount -l "$1"
rmdir "$1"`

// smallDisk is the folder of a small file system, unmounted however the test ends. It takes root on Linux; elsewhere the folder is "".
func smallDisk(t *testing.T) (folder string) {
	folder, err := os.MkdirTemp("/tmp", "signalroom-disk-")
	require.NoError(t, err)
	mount := exec.Command("sh", "-c", mountDisk, "mount", folder)
	mount.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	held, err := mount.StdinPipe()
	require.NoError(t, err)
	said, err := mount.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, mount.Start())
	word, _ := bufio.NewReader(said).ReadString('\n') // empty where mounting is not allowed
	t.Cleanup(func() {
		held.Close()
		require.Equal(t, word == "mounted\n", mount.Wait() == nil)
	})
	if word != "mounted\n" {
		t.Log("no test of a full disk: that takes root on Linux")
		return ""
	}
	return folder
}

// weathers are those that are possible on this machine.
func (b *base) weathers() []string {
	can := []string{calm, postgresKilled, postgresRestarted, s3Killed}
	if b.disk != "" {
		can = append(can, diskFull)
	}
	return can
}

// strike makes the weather happen at some moment of the runs, and returns those that it hit.
func (b *base) strike(t *testing.T, weather string, worlds []*world) (struck []*world) {
	longest := time.Duration(0)
	for _, w := range worlds {
		longest = max(longest, w.took)
	}
	moment, outage := some(b.rng, longest), some(b.rng, time.Second)
	<-time.After(moment)
	for _, w := range worlds {
		if _, s3 := w.source.(s3Source); w.running.Load() && (s3 || weather != s3Killed) && weather != calm {
			struck = append(struck, w)
		}
	}
	switch weather {
	case postgresKilled, postgresRestarted:
		if weather == postgresKilled {
			b.server.Kill(t)
		} else {
			b.server.Stop(t)
		}
		<-time.After(outage)
		b.server.Start(t)
	case s3Killed:
		b.store.Stop()
		<-time.After(outage)
		b.startStore(t)
	case diskFull:
		b.fill(t)
	}
	return struck
}

// some is a random part of a time. It always draws one number from the generator, so that a seed means the same on any machine.
func some(rng *rand.Rand, of time.Duration) time.Duration {
	return 1 + time.Duration(rng.Float64()*float64(of))
}

// startStore starts the S3 server again, on its old port and folder.
func (b *base) startStore(t *testing.T) {
	u, err := url.Parse(b.store.Endpoint)
	require.NoError(t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	b.store = s3test.StartWith(t, s3test.Options{Folder: b.store.Folder, Region: b.store.Region, AccessKeyID: b.store.AccessKeyID, SecretAccessKey: b.store.SecretAccessKey, Port: port})
}

// fill leaves no free byte on the disk.
func (b *base) fill(t *testing.T) {
	filler, err := os.Create(filepath.Join(b.disk, "filler"))
	require.NoError(t, err)
	defer filler.Close()
	for part := make([]byte, 1<<20); len(part) > 0; {
		if _, err := filler.Write(part); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			part = part[:len(part)/2]
		}
	}
}

// repair frees the disk. Everything else is already running again.
func (b *base) repair(t *testing.T) {
	if b.disk != "" {
		if err := os.Remove(filepath.Join(b.disk, "filler")); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
	}
}

// s3Fault is the fault of a request to the S3 server, if any.
func (b *base) s3Fault(n int, _ *http.Request) s3test.Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = n
	if b.spoil != nil {
		if fault, spoiled := b.spoil(n); spoiled {
			return fault
		}
	}
	return s3test.Fault{}
}

// A link is the connection of a tap's target to the database, through a proxy.
type link struct {
	messages, bytes atomic.Int64 // that have passed so far
	cutIn, pace     atomic.Int64 // messages until it is cut, and bytes a second; 0: no cut, no limit
	hit             atomic.Bool
}

func (l *link) watch(m proxy.Message) (pass bool) {
	l.messages.Add(1)
	l.bytes.Add(int64(len(m.Body)))
	if pace := l.pace.Load(); pace > 0 {
		l.hit.Store(true)
		<-time.After(time.Duration(len(m.Body)) * time.Second / time.Duration(pace))
	}
	if l.cutIn.Add(-1) == 0 {
		l.hit.Store(true)
		return false
	}
	return true
}

// A source is what a tap reads. fail spoils one request: the one that comes after so many others.
type source interface {
	requests() int
	fail(kind string, after int, hit *atomic.Bool)
	heal()
}

// An apiSource is an API. After heal a fault that was not met does nothing.
type apiSource struct {
	*taptest.API
	armed *atomic.Bool
}

func (s *apiSource) requests() int { return len(s.Calls()) }

func (s *apiSource) fail(kind string, after int, hit *atomic.Bool) {
	fault := map[string]taptest.Fault{
		"source cut":       taptest.Cut(after % 3 * 50),
		"source silent":    taptest.Slow(time.Hour),
		"source throttles": taptest.Status(http.StatusTooManyRequests, `{}`, "Retry-After: 1"),
		"source fails":     taptest.Status(http.StatusInternalServerError, `{}`),
		"source slow":      taptest.Trickle(4000),
	}[kind]
	armed := &atomic.Bool{}
	armed.Store(true)
	s.armed = armed
	s.Fail(len(s.Calls())+1+after, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		if !armed.Load() {
			answer.ServeHTTP(w, r)
			return
		}
		hit.Store(true)
		fault(w, r, answer)
	})
}

func (s *apiSource) heal() {
	if s.armed != nil {
		s.armed.Store(false)
	}
}

// An s3Source is the S3 server behind its proxy.
type s3Source struct{ *base }

func (s s3Source) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base.requests
}

func (s s3Source) fail(kind string, after int, hit *atomic.Bool) {
	fault := map[string]s3test.Fault{
		"source cut":       {CutAfter: int64(1 + after%3*5000)},
		"source silent":    {Silent: true},
		"source throttles": {Status: http.StatusServiceUnavailable, Body: "<Error><Code>SlowDown</Code></Error>"},
		"source fails":     {Status: http.StatusInternalServerError, Body: "<Error><Code>InternalError</Code></Error>"},
		"source slow":      {PerSecond: 20000},
	}[kind]
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.base.requests + 1 + after
	s.spoil = func(request int) (s3test.Fault, bool) {
		if request == number {
			hit.Store(true)
		}
		return fault, request == number
	}
}

func (s s3Source) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil = nil
}
