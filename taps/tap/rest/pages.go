package rest

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"iter"
	"net/http"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// A List is a request whose answers hold rows, and how one answer follows another.
type List struct {
	Request Request
	// Rows are the places of an answer where the rows may stand, as paths of member names: "results", "data.items". The first that is
	// there counts. A path may lead through arrays, whose elements need not hold any rows. At its end is an array, an object whose
	// members are the rows, or null for none. An answer that is itself an array is taken whatever Rows says; without Rows an answer
	// that is an object is the one row. An answer that holds none of them is a Data fault, see [API.Judge].
	Rows []string
	// Lines are rows that stand one after another, as in JSON Lines; the answer may be a gzip file. Rows is not used then.
	Lines bool
	// Pager is nil for a request with one answer.
	Pager Pager
}

// A Page is the rows of one answer, or some of them when the answer is large. It is valid until the next one.
type Page struct {
	Rows [][]byte // raw JSON values, as they came
	// Last tells that the answer ends with these rows. Only then Envelope and Header are there.
	Last     bool
	Envelope json.RawMessage // the answer with null in the place of its rows; nil when it is an array
	Header   http.Header

	text []byte
	ends []int
}

// add copies a row.
func (p *Page) add(row []byte) {
	p.text = append(p.text, row...)
	p.ends = append(p.ends, len(p.text))
}

// cut makes Rows, when text will not move any more.
func (p *Page) cut() {
	start := 0
	for _, end := range p.ends {
		p.Rows = append(p.Rows, p.text[start:end:end])
		start = end
	}
}

func (p *Page) reset() *Page {
	*p = Page{Rows: p.Rows[:0], text: p.text[:0], ends: p.ends[:0]}
	return p
}

// pageBytes is how many bytes of rows are handed over at once, and pagesAhead how often while the first are still being used: so much
// of the next answers is read ahead, and so much memory a walk takes.
const (
	pageBytes  = 256 << 10
	pagesAhead = 4
)

// Pages walks over all answers of a list. The next answer is asked for and read while the rows of the last one are used, within a
// bounded number of bytes. An answer that breaks off is asked for again, and the rows that were given already are passed over if they
// are the same; if they are not, the walk ends with a Transient fault. An answer with the same rows as the one before is a Data
// fault, as paging does not work then, and so are a thousand answers in a row without any. The first error ends the walk. With --test a
// stream's walk ends at the first answer that holds rows, and [Numbered] asks for one.
func (c *Client) Pages(ctx context.Context, list List) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		w := &walk{client: c, list: list, request: list.Request.clone(), seed: maphash.MakeSeed(), full: make(chan *Page, pagesAhead), free: make(chan *Page, pagesAhead)}
		for range pagesAhead {
			w.free <- new(Page)
		}
		go w.run(ctx)
		defer func() {
			cancel(context.Canceled)
			for range w.full { // until run has ended
			}
		}()
		for page := range w.full {
			if !yield(page, nil) {
				return
			}
			w.free <- page.reset()
		}
		if w.err != nil {
			yield(nil, w.err)
		}
	}
}

// Rows walks like [Client.Pages], row by row. A row is valid until the next one.
func (c *Client) Rows(ctx context.Context, list List) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for page, err := range c.Pages(ctx, list) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range page.Rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// A walk reads answers on a goroutine of its own. It closes full when it ends; err is set then.
type walk struct {
	client  *Client
	list    List
	request *Request
	seed    maphash.Seed
	full    chan *Page
	free    chan *Page
	err     error

	page *Page  // being filled; nil before its first row
	last []byte // the newest row that was handed over
}

func (w *walk) run(ctx context.Context) {
	defer close(w.full)
	w.err = w.answers(ctx)
}

func (w *walk) answers(ctx context.Context) error {
	sample := w.client.sample(ctx)
	next := func(*Answered) (bool, error) { return false, nil }
	if pager := w.list.Pager; pager != nil {
		if numbered, ok := pager.(Numbered); ok && sample {
			numbered.Size = 1
			pager = numbered
		}
		next = pager.Begin(w.request)
	}
	var before uint64
	empty := 0
	for more := true; more; {
		answered, sum, err := w.answer(ctx)
		if err != nil {
			return err
		}
		if answered.Rows > 0 && sum == before {
			return protocol.DataFault("report this: paging does not work here", "%s: %w, %d of them", w.request.endpoint(), ErrRepeated, answered.Rows)
		}
		if empty++; answered.Rows > 0 {
			empty = 0
		}
		if empty > emptyMost {
			return protocol.DataFault("report this: paging does not work here", "%s: %d answers in a row hold no rows, and each names another", w.request.endpoint(), empty)
		}
		before = sum
		if more, err = next(answered); err != nil {
			return err
		}
		if err := w.end(ctx, answered); err != nil {
			return err
		}
		more = more && !(sample && answered.Rows > 0)
	}
	return nil
}

// sample tells that a stream is read for one row of it.
func (c *Client) sample(ctx context.Context) bool {
	return c.shared.run.Sample && tap.StreamName(ctx) != ""
}

// emptyMost is how many answers without rows may follow each other: an API that filters its pages gives some.
const emptyMost = 1000

// errChanged is why an answer that broke off could not be read on.
var errChanged = errors.New("the answer broke off, and was another one when it was asked for again")

// ErrRepeated is why a walk ends whose pages do not go on. An API that counts its rows may be asked again by another page size.
var ErrRepeated = errors.New("two answers hold the same rows")

// answer reads one answer, with as many tries as it takes. sum stands for its rows.
func (w *walk) answer(ctx context.Context) (answered *Answered, sum uint64, err error) {
	s := w.client.begin(w.request)
	given, givenSum := 0, uint64(0) // what earlier tries have put on pages
	for {
		response, err := s.send(ctx)
		if err != nil {
			return nil, 0, err
		}
		var hash maphash.Hash
		hash.SetSeed(w.seed)
		rows := 0
		reader := &rowReader{body: response.Body, emit: func(row []byte) error {
			hash.Write(row)
			hash.WriteByte('\n')
			rows++
			switch {
			case rows > given:
				return w.add(ctx, row)
			case rows == given && hash.Sum64() != givenSum:
				return errChanged
			}
			return nil
		}}
		if w.list.Lines {
			err = reader.lines()
		} else {
			err = reader.read(splitPaths(w.list.Rows))
		}
		response.Body.Close()
		switch {
		case err == nil && rows < given:
			err = errChanged
		case err == nil:
			return &Answered{Rows: rows, Last: w.lastRow(rows), Envelope: reader.envelope, Header: response.Header, Request: w.request}, hash.Sum64(), nil
		case ctx.Err() != nil:
			return nil, 0, context.Cause(ctx)
		}
		if rows > given {
			given, givenSum = rows, hash.Sum64()
		}
		failure := s.failure(response.StatusCode, response.Header, reader.envelope, err)
		if failure.HTML = errors.Is(err, errPage); failure.HTML {
			failure.Err = nil
		}
		if err := s.again(ctx, failure); err != nil {
			return nil, 0, err
		}
	}
}

// lastRow is the newest row of an answer that has some.
func (w *walk) lastRow(rows int) []byte {
	switch {
	case rows == 0:
		return nil
	case w.page == nil:
		return w.last
	}
	start := 0
	if n := len(w.page.ends); n > 1 {
		start = w.page.ends[n-2]
	}
	return w.page.text[start:]
}

// add puts a row on the page, and hands the page over when it is full.
func (w *walk) add(ctx context.Context, row []byte) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	w.page.add(row)
	if len(w.page.text) < pageBytes {
		return nil
	}
	w.last = append(w.last[:0], row...)
	return w.hand(ctx)
}

// begin takes a page that the user is done with.
func (w *walk) begin(ctx context.Context) error {
	if w.page != nil {
		return nil
	}
	select {
	case w.page = <-w.free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end hands over what is left of an answer.
func (w *walk) end(ctx context.Context, answered *Answered) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	w.page.Last, w.page.Envelope, w.page.Header = true, answered.Envelope, answered.Header
	return w.hand(ctx)
}

func (w *walk) hand(ctx context.Context) error {
	w.page.cut()
	select {
	case w.full <- w.page:
		w.page = nil
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
