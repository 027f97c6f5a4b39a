package logs

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

// configure reads form and level from the environment. A level that the user gave beats Meltano's.
func (o *Output) configure(env func(string) (string, bool)) {
	names := []string{strings.ToUpper(strings.ReplaceAll(o.program, "-", "_")) + "_LOGLEVEL", "LOGLEVEL"}
	if o.form.kind == airbyte {
		names = append(names, "LOG_LEVEL")
	} else if path, _ := env("SINGER_SDK_LOG_CONFIG"); path != "" {
		config, err := readSDKConfig(path)
		if err != nil {
			o.Logger().Warn("SINGER_SDK_LOG_CONFIG is not read", "error", err)
		} else {
			if config.structured() {
				o.form = form{kind: structured}
			}
			if level, ok := parseLevel(config.Root.Level); ok {
				o.level = level
			}
		}
	}
	for _, name := range names {
		text, _ := env(name)
		if text == "" {
			continue
		}
		level, ok := parseLevel(text)
		if ok {
			o.level = level
			return
		}
		o.Logger().Warn(name + " is no level; use debug, info, warning, error or critical")
	}
}

// sdkConfig is the part of Python's logging configuration that says what Meltano wants.
type sdkConfig struct {
	Root       struct{ Level level }
	Formatters map[string]map[string]any
}

// level is a name, or one of Python's numbers.
type level string

func (l *level) UnmarshalJSON(raw []byte) error {
	*l = level(strings.Trim(string(raw), `"`))
	return nil
}

func readSDKConfig(path string) (*sdkConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			return nil, pathErr.Err
		}
		return nil, err
	}
	var config sdkConfig
	if json.Unmarshal(text, &config) != nil {
		return nil, errors.New("the file is not JSON of the expected shape")
	}
	return &config, nil
}

// structured tells whether a formatter is the SDK's, singer_sdk.logging.StructuredFormatter.
func (c *sdkConfig) structured() bool {
	for _, formatter := range c.Formatters {
		for _, key := range []string{"()", "class"} {
			if class, ok := formatter[key].(string); ok && strings.HasSuffix(class, "StructuredFormatter") {
				return true
			}
		}
	}
	return false
}

func parseLevel[T ~string](text T) (slog.Level, bool) {
	name := strings.ToLower(strings.TrimSpace(string(text)))
	if n, err := strconv.Atoi(name); err == nil && n > 0 {
		return slog.Level(n*4/10 - 8), true // Python's 10, 20, 30, 40, 50
	}
	switch name {
	case "debug", "trace":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warning", "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	case "critical", "fatal":
		return LevelCritical, true
	}
	return 0, false
}

// levelName is Python's word for a level.
func levelName(l slog.Level) string {
	switch {
	case l >= LevelCritical:
		return "CRITICAL"
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}
