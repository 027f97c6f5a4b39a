package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// A Pager turns one request into the next. The ones of this package are values that may be used for any number of walks.
type Pager interface {
	// Begin sets up the first request of a walk. next looks at the answer, changes the request and tells whether to send it;
	// its error ends the walk.
	Begin(r *Request) (next func(a *Answered) (more bool, err error))
}

// PagerFunc is a Pager by a function alone, for an API with ways of its own.
type PagerFunc func(r *Request) (next func(a *Answered) (more bool, err error))

// Begin calls the function.
func (f PagerFunc) Begin(r *Request) func(*Answered) (bool, error) { return f(r) }

// An Answered is what a pager may know of an answer.
type Answered struct {
	Rows     int
	Last     []byte          // the last row, valid during the call; nil without rows
	Envelope json.RawMessage // see Page
	Header   http.Header
	Request  *Request // to be changed
}

// Member is a value in the envelope by its path, "paging.total_count"; nil when it is not there or null.
func (a *Answered) Member(path string) json.RawMessage { return Member(a.Envelope, path) }

// Member is a value in a JSON object by a path of member names; nil when it is not there, null, or the text is no object.
func Member(object []byte, path string) json.RawMessage {
	var scanner rawjson.Scanner
	for name := range strings.SplitSeq(path, ".") {
		var value []byte
		_, err := scanner.Object(object, 0, func(member []byte, pos int) (end int, err error) {
			end, err = rawjson.SkipValue(object, pos)
			if err == nil && string(member) == name {
				value = object[pos:end:end]
			}
			return end, err
		})
		if err != nil {
			return nil
		}
		object = value
	}
	if rawjson.KindOf(object) == rawjson.Null {
		return nil
	}
	return object
}

// Text is a string's text, and the JSON of anything else; empty for nil.
func Text(value json.RawMessage) string {
	if rawjson.KindOf(value) == rawjson.String {
		text, _ := rawjson.AppendUnquoted(nil, value)
		return string(text)
	}
	return string(bytes.TrimSpace(value))
}

// number reads a total, which some APIs write as a string; 0 for anything else.
func number(value json.RawMessage) int {
	n, _ := strconv.Atoi(Text(value))
	return n
}

// Ends tells how a walk by numbers comes to its end. An answer without rows ends it always.
type Ends struct {
	// Total is the path of a count of all rows, by which a request is saved; the walk ends when so many came. A count of 0 beside rows is
	// none. Empty: there is none that can be believed.
	Total string
	// Most is the count above which the walk ends at once with [windows.ErrFull], as smaller windows are better; 0: none is.
	Most int
}

// reached tells whether an answer is the last.
func (e Ends) reached(a *Answered, rows int) (last bool, err error) {
	if e.Total == "" {
		return a.Rows == 0, nil
	}
	total := number(a.Member(e.Total))
	if e.Most > 0 && total > e.Most {
		return true, windows.ErrFull
	}
	return a.Rows == 0 || total > 0 && rows >= total, nil
}

// Numbered asks for pages by number: page=3&per_page=100.
type Numbered struct {
	Param     string // page
	SizeParam string // per_page
	Size      int
	First     int // number of the first page: 0 or 1
	Ends
}

// Begin asks for the first page.
func (p Numbered) Begin(r *Request) func(*Answered) (bool, error) {
	set(r, p.SizeParam, p.Size)
	set(r, p.Param, p.First)
	rows, page := 0, p.First
	return func(a *Answered) (bool, error) {
		rows += a.Rows
		page++
		set(a.Request, p.Param, page)
		last, err := p.reached(a, rows)
		return !last, err
	}
}

func set(r *Request, param string, value int) {
	if param != "" {
		r.Query.Set(param, strconv.Itoa(value))
	}
}

// Cursor sends back what the last answer said of where it ended. The walk ends when it says nothing.
type Cursor struct {
	Param  string // cursor
	Member string // its path in the answer: paging.next_cursor
}

// Begin leaves the first request as it is.
func (p Cursor) Begin(*Request) func(*Answered) (bool, error) {
	var cursors circle
	return func(a *Answered) (bool, error) {
		cursor := Text(a.Member(p.Member))
		switch {
		case cursor == "" || cursor == "false":
			return false, nil
		case cursors.closes(cursor):
			return false, standing(a)
		}
		a.Request.Query.Set(p.Param, cursor)
		return true, nil
	}
}

// Next takes the next request from a link in the answer, but no more of it than the query: host and path stay those of the first
// request, so that credentials go nowhere else, and an API behind a proxy may be mistaken in its own address. The walk ends
// when there is no link.
type Next struct {
	Member string // its path in the answer: next, paging.next
}

// Begin leaves the first request as it is.
func (p Next) Begin(*Request) func(*Answered) (bool, error) {
	var queries circle
	return func(a *Answered) (bool, error) {
		link := Text(a.Member(p.Member))
		if link == "" {
			return false, nil
		}
		to, err := url.Parse(link)
		if err != nil {
			return false, protocol.DataFault("", "%s: the link to the next page is no address", a.Request.endpoint())
		}
		if queries.closes(to.RawQuery) {
			return false, standing(a)
		}
		a.Request.Query = to.Query()
		return true, nil
	}
}

// Keyset asks for the rows behind the last one by their key, which is the order that the request asks for. No row is lost or
// doubled whatever is written meanwhile.
type Keyset struct {
	// Key is a row's key as text.
	Key func(row []byte) (string, error)
	// Set asks for rows behind a key.
	Set func(r *Request, key string)
	// First is what Set gets for the first request; empty: it is not called.
	First string
	// Compare orders two keys; [Numbers] or strings.Compare. With it, an answer whose last key is not behind the one before is a
	// Data fault: the API has not heard the question. nil: only a key that stays the same is.
	Compare func(a, b string) int
}

// Begin asks for the first rows.
func (p Keyset) Begin(r *Request) func(*Answered) (bool, error) {
	last, compare := p.First, p.Compare
	if compare == nil {
		compare = func(a, b string) int {
			if a == b {
				return 0
			}
			return 1
		}
	}
	if p.First != "" {
		p.Set(r, p.First)
	}
	return func(a *Answered) (bool, error) {
		if a.Rows == 0 {
			return false, nil
		}
		key, err := p.Key(a.Last)
		if err != nil {
			return false, protocol.DataFault("", "%s: the key of the last row: %w", a.Request.endpoint(), err)
		}
		if last != "" && compare(key, last) <= 0 {
			return false, standing(a)
		}
		last = key
		p.Set(a.Request, key)
		return true, nil
	}
}

// A circle notices that places in a list come round again, however many lie between. It keeps two of them: the last, and the one of the
// latest power of two (Brent's algorithm).
type circle struct {
	last, kept string
	steps, at  int // places so far, and which of them was kept
}

func (c *circle) closes(place string) bool {
	if c.steps++; c.steps > 1 && (place == c.last || place == c.kept) {
		return true
	}
	if c.last = place; c.steps >= 2*c.at {
		c.kept, c.at = place, c.steps
	}
	return false
}

// standing is the fault of paging that does not go on.
func standing(a *Answered) error {
	return protocol.DataFault("report this: paging does not work here", "%s: the next page would begin where the last one did", a.Request.endpoint())
}

// KeyOf tells rows apart by some of their members, given as paths. A row that has none of them is told apart by all that it says.
func KeyOf(paths ...string) func(row []byte) string {
	return func(row []byte) string {
		var key []byte
		for _, path := range paths {
			if value := Member(row, path); value != nil {
				key = append(append(key, Text(value)...), 0)
			}
		}
		if key == nil {
			key = row
		}
		return string(key)
	}
}

// Numbers compares keys that are whole numbers of any length, without sign.
func Numbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
