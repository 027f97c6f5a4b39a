package rest

import (
	"context"
	"errors"
	"hash/maphash"
)

// A Moving list is one whose rows move from answer to answer while it is read, because rows are added or removed or their order
// changes. For each row that then comes twice another may be passed over.
type Moving struct {
	List // without its Pager
	// Walks are the pagers that the list is walked through by, the next one while rows are missing. Where the next has another page
	// size, rows do not move in the same way again.
	Walks []Pager
	// Key tells rows apart; it is not kept by reference to row. See [KeyOf].
	Key func(row []byte) string
	// Total is the path of the count of all rows in an answer, of which the highest counts. Where there is none, there should be as many
	// different rows as came.
	Total string
	// Remember knows the rows of all walks, for some 20 bytes each. A row is sent once then, and what one walk passed over may come by
	// another. Without it the memory taken does not grow with the list: a row comes once in a walk unless two answers lie between it and
	// itself, and again in the next walk.
	Remember bool
}

// Moving sends the different rows of a list, and walks through it again while fewer came than there should be. If came is still less
// than total when err is nil, rows are missing. Rows may be sent twice, so the stream has a key.
func (c *Client) Moving(ctx context.Context, m Moving, send func(row []byte) error) (came, total int, err error) {
	w := &moving{Moving: m, client: c, send: send, seed: maphash.MakeSeed(), seen: keys{}}
	for i, pager := range m.Walks {
		w.Pager, w.total = pager, 0
		if !m.Remember {
			w.came, w.seen, w.before = 0, keys{}, keys{}
		}
		if err = w.walk(ctx); c.sample(ctx) {
			w.total = w.came
		}
		if again := errors.Is(err, ErrRepeated) && i+1 < len(m.Walks); !again && (err != nil || w.came >= w.total) {
			break
		}
	}
	return w.came, w.total, err
}

// keys are known by their hashes: two that are taken for one are missing in the count, and so not in silence.
type keys map[uint64]struct{}

// A moving is a Moving list while it is read.
type moving struct {
	Moving
	client *Client
	send   func(row []byte) error
	seed   maphash.Seed
	seen   keys // of all walks, or of this answer
	before keys // of the last answer, where not all are remembered
	came   int  // different rows
	total  int
}

func (m *moving) walk(ctx context.Context) error {
	rows, said := 0, 0
	for page, err := range m.client.Pages(ctx, m.List) {
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			rows++
			if err := m.one(row); err != nil {
				return err
			}
		}
		if !page.Last {
			continue
		}
		if !m.Remember {
			m.before, m.seen = m.seen, keys{}
		}
		if m.Total != "" {
			said = max(said, number(Member(page.Envelope, m.Total)))
		}
	}
	if m.total = said; said == 0 {
		m.total = rows
	}
	return nil
}

// one sends a row that did not come yet.
func (m *moving) one(row []byte) error {
	key := maphash.String(m.seed, m.Key(row))
	_, seen := m.seen[key]
	if _, before := m.before[key]; seen || before {
		return nil
	}
	m.seen[key] = struct{}{}
	m.came++
	return m.send(row)
}
