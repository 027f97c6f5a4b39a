package rest

import "context"

// A Moving list is one whose rows move from answer to answer while it is read, because rows are added or their order changes. For each
// row that then comes twice another may be passed over.
type Moving struct {
	List
	// Key tells rows apart; it is not kept by reference to row.
	Key func(row []byte) string
	// Total is the path of the count of all rows in an answer. Where there is none, there should be as many different rows as came.
	Total string
	// Walks is how often the list is walked through at the most.
	Walks int
}

// Moving sends the different rows of a list, and walks through it again while fewer came than there should be. If came is still less
// than total when err is nil, rows are missing. A row comes once in a walk unless two answers lie between it and itself, and again in
// the next walk, so the stream has a key.
func (c *Client) Moving(ctx context.Context, m Moving, send func(row []byte) error) (came, total int, err error) {
	for range m.Walks {
		if came, total, err = c.walkMoving(ctx, m, send); err != nil || came >= total {
			break
		}
	}
	return came, total, err
}

func (c *Client) walkMoving(ctx context.Context, m Moving, send func(row []byte) error) (came, total int, err error) {
	before, keys := map[string]bool{}, map[string]bool{} // of the last answer, and of this one
	for page, err := range c.Pages(ctx, m.List) {
		if err != nil {
			return 0, 0, err
		}
		for _, row := range page.Rows {
			total++
			key := m.Key(row)
			if before[key] || keys[key] {
				continue
			}
			keys[key] = true
			came++
			if err := send(row); err != nil {
				return 0, 0, err
			}
		}
		if page.Last {
			before, keys = keys, map[string]bool{}
			if said, ok := number(Member(page.Envelope, m.Total)); ok && m.Total != "" {
				total = said
			}
		}
	}
	return came, total, nil
}
