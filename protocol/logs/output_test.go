package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// meltanoConfig is what Meltano writes for a plugin that declares structured-logging.
const meltanoConfig = `{
  "version": 1,
  "disable_existing_loggers": false,
  "formatters": {"structured": {"()": "singer_sdk.logging.StructuredFormatter"}},
  "handlers": {"default": {"class": "logging.StreamHandler", "formatter": "structured", "stream": "ext://sys.stderr"}},
  "root": {"level": "DEBUG", "handlers": ["default"]}
}`

// consoleConfig asks for plain lines.
const consoleConfig = `{
  "formatters": {"console": {"()": "singer_sdk.logging.ConsoleFormatter"}},
  "root": {"level": "WARNING"}
}`

// open makes the log of tap-demo with a fixed clock and process.
func open(w io.Writer, env map[string]string) *Output {
	o := New("tap-demo", w, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	o.pid = 7
	o.now = func() time.Time { return time.Date(2026, 1, 31, 12, 4, 5, 250_000_000, time.UTC) }
	return o
}

func meltano(t *testing.T, text string) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logging.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return map[string]string{"SINGER_SDK_LOG_CONFIG": path}
}

// What comes from elsewhere neither breaks a line nor reaches the terminal: no escape sequence, in seven bits or eight, and no mark that turns
// the direction of text.
func TestRemoteTextIsHarmless(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{"plain": nil, "structured": meltano(t, meltanoConfig)} {
		var out bytes.Buffer
		o := open(&out, env)
		for _, bad := range []string{"\x1b[2J", "\u009b2J", "\x9b2J", "a\r\nCRITICAL b", "\u202etxt.exe", "\u2028", "\x00", "\x7f", "\ufeff", "\U000e0001"} {
			o.Logger().Info(bad, "key", bad, "stream", bad)
			o.Fatal(errors.New(bad))
			m := o.StartMetrics()
			m.Records(bad).Add(1)
			m.RequestDuration(bad, bad, 200, time.Second)
			m.Close()
		}
		for _, r := range strings.ReplaceAll(out.String(), "\n", "") {
			require.True(t, unicode.IsPrint(r), "%s: %q", name, r)
		}
	}
}

// everything logs one line of each sort.
func everything(o *Output) {
	log := o.Logger()
	log.Debug("request", "path", "/orders", "took", 1500*time.Microsecond)
	log.Info("12 files found", "stream", "orders", "prefix", "exports/", "count", 12, "share", 0.5, "cold", true, "none", nil)
	log.With("stream", "orders").WithGroup("http").Warn("slow answer", "status", 503, slog.Group("retry", "in", 2*time.Second))
	log.Error("broken\nin two\x1b[31m", "error", errors.New(`no such "key"`), "empty", "", "at", time.Unix(0, 0), "list", []string{"a", "b"})
	o.Fatal(protocol.ConfigFault("set --bucket", "bucket is required"))
}

func TestPlain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	everything(open(&out, nil))
	require.Equal(t, `INFO 12 files found stream=orders prefix=exports/ count=12 share=0.5 cold=true none=null
WARNING slow answer stream=orders http.status=503 http.retry.in=2s
ERROR broken\nin two\x1b[31m error="no such \"key\"" empty="" at=1970-01-01T00:00:00Z list="[a b]"
CRITICAL bucket is required; set --bucket
`, out.String())
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := open(&out, map[string]string{"LOGLEVEL": "debug"})
	o.form = form{kind: plain, clock: true, color: true}
	at := slog.NewRecord(o.now(), slog.LevelWarn, "slow", 0)
	require.NoError(t, o.Logger().Handler().Handle(t.Context(), at))
	o.form.color = false
	at.Level = slog.LevelDebug
	require.NoError(t, o.Logger().Handler().Handle(t.Context(), at))
	require.Equal(t, "12:04:05 \x1b[33mWARNING\x1b[0m slow\n12:04:05 DEBUG slow\n", out.String())
}

// TestTerminalIsFound opens a pseudo terminal, whose near end is a terminal too.
func TestTerminalIsFound(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer terminal.Close()
	require.Equal(t, form{kind: plain, clock: true, color: true}, open(terminal, nil).form)
	require.Equal(t, form{kind: plain, clock: true}, open(terminal, map[string]string{"NO_COLOR": "1"}).form)
	require.Equal(t, form{kind: structured}, open(terminal, meltano(t, meltanoConfig)).form)
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, form{kind: plain}, open(file, nil).form)
}

func TestBytesThatAreNoText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	open(&out, nil).Logger().Info("a\xffb\ufffd\tc", "v", "\xff")
	require.Equal(t, `INFO a\xffb`+"\ufffd"+`\tc v="\xff"`+"\n", out.String())
	out.Reset()
	open(&out, meltano(t, meltanoConfig)).Logger().Info("a\xffb\u2028")
	require.Equal(t, "a\ufffdb\u2028", meltanoLine(t, strings.TrimSpace(out.String()))["message"])
}

// meltanoLine is Meltano's rule for a structured line: an object with all eight keys, else it is shown as plain text.
func meltanoLine(t *testing.T, text string) map[string]any {
	t.Helper()
	require.True(t, strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}"), text)
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &object), text)
	for _, key := range []string{"level", "pid", "logger_name", "ts", "thread_name", "app_name", "stream_name", "message"} {
		require.Contains(t, object, key, text)
	}
	require.Contains(t, []string{"debug", "info", "warning", "error", "critical"}, object["level"])
	return object
}

func TestStructured(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := open(&out, meltano(t, meltanoConfig))
	everything(o)
	m := o.StartMetrics()
	m.Records("orders").Add(3)
	m.SyncDuration("orders", 1500*time.Millisecond, nil)
	m.Close()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 7)
	var objects []map[string]any
	for _, text := range lines {
		objects = append(objects, meltanoLine(t, text))
	}
	delete(objects[1], "ts")
	require.Equal(t, map[string]any{
		"level": "info", "pid": 7.0, "logger_name": "tap-demo", "thread_name": "main", "app_name": "tap-demo", "stream_name": "orders",
		"message": "12 files found", "extra": map[string]any{"prefix": "exports/", "count": 12.0, "share": 0.5, "cold": true, "none": nil},
	}, objects[1])
	require.Equal(t, "debug", objects[0]["level"])
	require.Nil(t, objects[0]["stream_name"])
	require.Equal(t, map[string]any{"http.status": 503.0, "http.retry.in": "2s"}, objects[2]["extra"])
	require.Equal(t, "broken\nin two\x1b[31m", objects[3]["message"])
	require.Equal(t, "critical", objects[4]["level"])
	require.InDelta(t, 1769861045.25, objects[4]["ts"], 1e-6)
	require.Equal(t, map[string]any{
		"type": "timer", "metric": "sync_duration", "value": 1.5,
		"tags": map[string]any{"stream": "orders", "pid": 7.0, "status": "succeeded"},
	}, objects[5]["metric_info"])
	require.Equal(t, "tap-demo.metrics", objects[6]["logger_name"])
	require.Equal(t, "METRIC", objects[6]["message"])
	require.Equal(t, "orders", objects[6]["stream_name"])
}

func TestLevels(t *testing.T) {
	t.Parallel()
	console := meltano(t, consoleConfig)
	tests := []struct {
		env  map[string]string
		want string
	}{
		{nil, "INFO WARNING ERROR "},
		{map[string]string{"LOGLEVEL": "debug"}, "DEBUG INFO WARNING ERROR "},
		{map[string]string{"LOGLEVEL": "debug", "TAP_DEMO_LOGLEVEL": "ERROR"}, "ERROR "},
		{map[string]string{"LOGLEVEL": "30"}, "WARNING ERROR "},
		{map[string]string{"LOGLEVEL": "fatal"}, ""},
		{console, "WARNING ERROR "},
		{map[string]string{"LOGLEVEL": "info", "SINGER_SDK_LOG_CONFIG": console["SINGER_SDK_LOG_CONFIG"]}, "INFO WARNING ERROR "},
	}
	for _, test := range tests {
		var out bytes.Buffer
		log := open(&out, test.env).Logger()
		log.Debug("")
		log.Info("")
		log.Warn("")
		log.Error("")
		require.Equal(t, test.want, strings.ReplaceAll(out.String(), " \n", " "), test.env)
	}
}

func TestConfigurationThatCannotBeRead(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	open(&out, map[string]string{"SINGER_SDK_LOG_CONFIG": filepath.Join(t.TempDir(), "none.json"), "LOGLEVEL": "loud"})
	require.Equal(t, `WARNING SINGER_SDK_LOG_CONFIG is not read error="no such file or directory"
WARNING LOGLEVEL is no level; use debug, info, warning, error or critical
`, out.String())
	out.Reset()
	o := open(&out, meltano(t, "version: 1"))
	o.Logger().Info("goes on")
	require.Equal(t, `WARNING SINGER_SDK_LOG_CONFIG is not read error="the file is not JSON of the expected shape"
INFO goes on
`, out.String())
}

// TestSecretsAreMasked plants secrets in every part of a line, in each spelling, in both forms.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	planted := []string{`hunter2 "&=\x`, "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----", "4815162342", "pw", "pässwörd-longer"}
	for name, env := range map[string]map[string]string{"plain": {"LOGLEVEL": "debug"}, "structured": meltano(t, meltanoConfig)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			o := open(&out, env)
			log := o.Logger().With("kept", planted[0])
			o.Mask(planted...)
			m := o.StartMetrics()
			for _, secret := range planted {
				log.Info("said "+secret+" aloud", "secret", secret, "stream", secret)
				log.Error("failed", "error", fmt.Errorf("GET https://u:%s@host/?key=%s: refused", "pw", secret))
				log.WithGroup("g").Warn("struct", "any", struct{ Secret string }{secret}, slog.Group("h", "s", []string{secret}))
				log.Debug("quoted", "q", fmt.Sprintf("%q", secret))
				m.RequestDuration(secret, "/x/"+secret, 200, time.Second)
				o.Fatal(protocol.ConfigFault("not "+secret, "key %s", secret))
			}
			log.Info("an id", "number", 4815162342, "short", "spwn is no secret, (pw) is")
			m.Close()
			for _, secret := range append([]string{"MIIEvQIBADANBgkqhkiG9w0", "hunter2", "p%C3%A4ss"}, planted...) {
				if secret != "pw" {
					require.NotContains(t, out.String(), secret)
				}
			}
			require.Contains(t, out.String(), "spwn is no secret, (***) is")
			require.Contains(t, out.String(), "https://u:***@host/?key=***")
			require.Equal(t, name == "structured", strings.Contains(out.String(), `"number":"***"`))
		})
	}
}

func TestFatalOfSeveralLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := open(&out, nil)
	o.Fatal(nil)
	o.Fatal(protocol.ConfigFault("", "one\ntwo"))
	require.Equal(t, "ERROR one\nERROR two\nCRITICAL 2 problems, each on a line above\n", out.String())
}

func TestRun(t *testing.T) {
	t.Parallel()
	var none []int
	tests := []struct {
		program func() error
		code    int
		want    string
	}{
		{func() error { return nil }, 0, ""},
		{func() error { return errors.New("disk full") }, 1, "CRITICAL disk full\n"},
		{func() error { return protocol.TransientFault("try later", "server lost") }, 4, "CRITICAL server lost; try later\n"},
		{
			func() error { panic("row value hunter2") }, 1,
			"CRITICAL a defect in the program: string at logs.TestRun.func4 (output_test.go:LINE); please report it\n",
		},
		{
			func() error { panic(errors.New("row value hunter2")) }, 1,
			"CRITICAL a defect in the program: *errors.errorString at logs.TestRun.func5 (output_test.go:LINE); please report it\n",
		},
		{
			func() error { return fmt.Errorf("%d", none[3]) }, 1,
			"CRITICAL a defect in the program: runtime error: index out of range [3] with length 0 at logs.TestRun.func6 (output_test.go:LINE); please report it\n",
		},
	}
	for _, test := range tests {
		var out bytes.Buffer
		require.Equal(t, test.code, open(&out, nil).Run(test.program))
		require.Equal(t, test.want, lineNumbers(out.String()))
	}
}

// lineNumbers makes a panic's place the same wherever the test stands in its file.
func lineNumbers(text string) string {
	before, after, ok := strings.Cut(text, "output_test.go:")
	if !ok {
		return text
	}
	return before + "output_test.go:LINE" + strings.TrimLeft(after, "0123456789")
}

// wholeLines fails a Write that is not exactly one line.
type wholeLines struct {
	t     *testing.T
	lines int
}

func (w *wholeLines) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte("\n")) != 1 || p[len(p)-1] != '\n' {
		w.t.Errorf("a write of %q is not one line", p)
	}
	w.lines++
	return len(p), nil
}

func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	w := &wholeLines{t: t}
	o := open(w, meltano(t, meltanoConfig))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				o.Logger().Info("one\ntwo", "three", "four\nfive")
				o.Mask("secret")
			}
		})
	}
	group.Wait()
	require.Equal(t, 800, w.lines)
}
