package logs

import (
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A form is how lines are spelled.
type form struct {
	kind         formKind
	clock, color bool // of the plain form, on a terminal
}

type formKind uint8

const (
	plain      formKind = iota // for a person
	structured                 // the SDK's JSON, for Meltano
	airbyte                    // messages of Airbyte's protocol
)

// appendPlain is "LEVEL message key=value". Nothing in it breaks the line or reaches the terminal as a control.
func (o *Output) appendPlain(dst []byte, l line) []byte {
	level := levelName(l.level)
	if o.form.clock {
		dst = l.at.AppendFormat(dst, "15:04:05 ")
	}
	if color := colorOf(l.level); o.form.color && color != "" {
		dst = append(dst, "\x1b["+color+"m"+level+"\x1b[0m"...)
	} else {
		dst = append(dst, level...)
	}
	return append(appendText(append(dst, ' '), l), '\n')
}

// appendText is what a line says beside its level.
func appendText(dst []byte, l line) []byte {
	dst = appendVisible(dst, l.message)
	if l.metric != nil {
		return append(append(dst, ": "...), l.metric...)
	}
	if l.stream != "" {
		dst = append(dst, " stream="...)
		dst = appendValue(dst, l.stream)
	}
	for _, a := range l.attrs {
		dst = append(append(append(dst, ' '), a.name...), '=')
		dst = appendValue(dst, a.value)
	}
	return dst
}

func colorOf(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "31"
	case l >= slog.LevelWarn:
		return "33"
	case l < slog.LevelInfo:
		return "2"
	}
	return ""
}

// appendStructured is one object with the SDK's keys. Meltano takes the line for plain text if one of the first eight
// is missing.
func (o *Output) appendStructured(dst []byte, l line) []byte {
	dst = append(dst, `{"level":"`...)
	dst = append(dst, strings.ToLower(levelName(l.level))...)
	dst = append(dst, `","pid":`...)
	dst = strconv.AppendInt(dst, int64(o.pid), 10)
	dst = append(dst, `,"logger_name":`...)
	dst = appendJSON(dst, l.logger)
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendFloat(dst, float64(l.at.UnixMicro())/1e6, 'f', 6, 64)
	dst = append(dst, `,"thread_name":"main","app_name":`...)
	dst = appendJSON(dst, o.program)
	dst = append(dst, `,"stream_name":`...)
	if l.stream == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendJSON(dst, l.stream)
	}
	dst = append(dst, `,"message":`...)
	dst = appendJSON(dst, l.message)
	if l.metric != nil {
		dst = append(append(dst, `,"metric_info":`...), l.metric...)
	}
	dst = append(dst, `,"extra":{`...)
	for i, a := range l.attrs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendJSON(dst, a.name), ':')
		if a.bare {
			dst = append(dst, a.value...)
		} else {
			dst = appendJSON(dst, a.value)
		}
	}
	return append(dst, "}}\n"...)
}

// appendVisible spells out what a terminal would not show.
func appendVisible(dst []byte, text string) []byte {
	for i, r := range text {
		switch {
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				dst = append(dst, `\x`...)
				dst = append(dst, strconv.FormatUint(uint64(text[i])|0x100, 16)[1:]...)
				continue
			}
			dst = utf8.AppendRune(dst, r)
		case r != ' ' && !unicode.IsPrint(r): // marks that turn the direction of text are as bad as controls
			dst = append(dst, strings.Trim(strconv.QuoteRune(r), "'")...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// appendValue quotes a value where a reader could not tell its end otherwise. JSON shows its end by itself.
func appendValue(dst []byte, value string) []byte {
	if strings.HasPrefix(value, "{") && !strings.ContainsFunc(value, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return append(dst, value...)
	}
	if value == "" || strings.ContainsFunc(value, func(r rune) bool {
		return r == ' ' || r == '"' || r == '=' || r == utf8.RuneError || !unicode.IsPrint(r)
	}) {
		return strconv.AppendQuote(dst, value)
	}
	return append(dst, value...)
}

const hex = "0123456789abcdef"

// appendJSON appends a JSON string in which what a terminal would not show is escaped; bytes that are not UTF-8 become U+FFFD.
func appendJSON(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r != ' ' && !unicode.IsPrint(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				dst = append(dst, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
			}
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
