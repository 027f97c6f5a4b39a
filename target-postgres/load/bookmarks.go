package load

import (
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// Bookmarks gives the streams' bookmarks in a state, each cut to what a history shows; none where the state has another form
// than {"bookmarks":{"<stream>":…}}.
func Bookmarks(state []byte) map[string]string {
	bookmarks := map[string]string{}
	var outer, inner rawjson.Scanner
	members, err := outer.Fields(state)
	if err != nil {
		return bookmarks
	}
	for _, m := range members {
		if string(m.Name) != "bookmarks" {
			continue
		}
		streams, err := inner.Fields(m.Value)
		if err != nil {
			return bookmarks
		}
		for _, s := range streams {
			bookmarks[string(s.Name)] = shortened(s.Value, database.BookmarkShown)
		}
	}
	return bookmarks
}

// shortened is the beginning of a text, of so many bytes with the mark of what is missing.
func shortened(text []byte, most int) string {
	if len(text) <= most {
		return string(text)
	}
	const mark = "…"
	end := most - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return string(text[:end]) + mark
}
