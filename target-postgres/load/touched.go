package load

import (
	"slices"
	"sync"
)

// mostKeys bounds what an interval remembers of a stream's keys.
const mostKeys = 1 << 17

// touched says which rows of a stream's table an interval writes: those with some keys, or any.
type touched struct {
	any  bool
	keys []uint64 // hashes, in order once sorted is done

	sorted sync.Once
}

// add takes up the keys of some rows.
func (t *touched) add(keys []uint64) {
	if t.any = t.any || len(t.keys)+len(keys) > mostKeys; t.any {
		t.keys = nil
		return
	}
	t.keys = append(t.keys, keys...)
}

// apart tells whether two intervals certainly write different rows. Both must be complete.
func (t *touched) apart(u *touched) bool {
	if t.any || u.any {
		return false
	}
	t.sorted.Do(func() { slices.Sort(t.keys) })
	u.sorted.Do(func() { slices.Sort(u.keys) })
	for a, b := t.keys, u.keys; len(a) > 0 && len(b) > 0; {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			return false
		}
	}
	return true
}

// note takes up what an operation writes.
func (iv *interval) note(o *op) {
	stream := o.stream
	switch {
	case o.segment != nil && o.segment.plan.layout.repeats:
		return
	case o.segment != nil:
		stream = o.segment.plan.stream
	case stream == nil:
		return
	}
	t := iv.touched[stream]
	if t == nil {
		t = &touched{}
		iv.touched[stream] = t
	}
	if o.segment != nil && len(o.segment.keys) == len(o.segment.rows) {
		t.add(o.segment.keys)
		return
	}
	t.any, t.keys = true, nil
}

// apart tells whether the interval writes other rows than all those ahead that are not committed. Then it may move its rows before
// their commit, side by side with them. It has to be in memory, in case it turns out to stand in another one's way.
func (w *worker) apart() bool {
	if w.iv.fixed || w.iv.held {
		return false
	}
	for _, ahead := range w.ahead(w.iv) {
		for s, mine := range w.iv.touched {
			if theirs := ahead.touched[s]; theirs != nil && !mine.apart(theirs) {
				return false
			}
		}
	}
	w.keys = true
	return true
}
