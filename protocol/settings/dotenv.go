package settings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// readDotEnv reads the first .env found in dir or above it, but none that another user has left where everybody may write. Without one,
// both results are empty.
func readDotEnv(dir string) (path string, values map[string]string, err error) {
	if dir == "" {
		dir = "."
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	for {
		path = filepath.Join(dir, ".env")
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && !planted(dir, info) {
			text, err := os.ReadFile(path)
			return path, parseDotEnv(string(text)), err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil, nil
		}
		dir = parent
	}
}

// planted tells whether somebody else may have put a file there for whoever runs a program below: as in /tmp.
func planted(dir string, file os.FileInfo) bool {
	folder, err := os.Stat(dir)
	owner, ok := file.Sys().(*syscall.Stat_t)
	return err != nil || folder.Mode()&0o002 != 0 && (!ok || int(owner.Uid) != os.Geteuid())
}

// parseDotEnv reads NAME=value lines. It takes an export in front, single and double quotes (within which a value may
// run over lines), escapes inside double quotes, and comments; a line that it does not understand is passed over.
// Nothing is expanded: a $ stands for itself.
func parseDotEnv(text string) map[string]string {
	values := map[string]string{}
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, ok := strings.Cut(line, "=")
		if after, found := strings.CutPrefix(strings.TrimSpace(name), "export"); found && strings.TrimLeft(after, " \t") != after {
			name = after
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, "# \t\"'") {
			text = rest
			continue
		}
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			_, whole, _ := strings.Cut(text, "=")
			whole = strings.TrimLeft(whole, " \t")
			if quoted, length, closed := quoted(whole); closed {
				values[name] = quoted
				_, text, _ = strings.Cut(whole[length:], "\n")
				continue
			}
		}
		if i := commentStart(value); i >= 0 {
			value = strings.TrimSpace(value[:i])
		}
		values[name] = value
		text = rest
	}
	return values
}

// quoted reads the quoted text that s begins with; length counts both quotes.
func quoted(s string) (value string, length int, closed bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case s[i] == '\\' && i+1 < len(s) && s[0] == '"':
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '"', '\\', '$', '`':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\'' && s[0] == '\'':
			i++
			b.WriteByte('\'')
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// commentStart is where a comment begins in an unquoted value: at a # with space before it.
func commentStart(value string) int {
	for i := range len(value) {
		if value[i] == '#' && (i == 0 || value[i-1] == ' ' || value[i-1] == '\t') {
			return i
		}
	}
	return -1
}
