package load

import (
	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A first load fills a table that the run itself has made. Such a table gets its primary key after the rows: to build an index once costs
// the server half as much as to keep it up to date. Until then the loader makes sure that no key comes twice. When one does, or when it
// cannot remember more keys, the table gets its primary key and the load goes on as any other.
//
// A run that is killed before that leaves a table without a primary key, but its keys are distinct. The next run notices it and adds the
// primary key before its first row.

// deferKey tells whether a new table may get its key after its first rows: whether two keys are the same is seen from their fields.
func (p *preparation) deferKey(o *Options, want []columns.Column) bool {
	if !p.mayDefer || o.HardDelete || o.marksDeleted(p.schemas[0]) || o.Disposition(p.schemas[0]) == protocol.Replace {
		return false
	}
	key := false
	for _, c := range want {
		if !c.Key {
			continue
		}
		key = true
		switch c.Type.Kind {
		case columns.Boolean, columns.Bigint, columns.Text, columns.UUID, columns.Date, columns.Timestamptz, columns.Bytea:
		default:
			return false
		}
	}
	return key
}

// awaitsKey tells whether a layout is that of a first load.
func (l *layout) awaitsKey(t *database.Table) bool {
	return l.mode != protocol.Replace && len(l.shape.Key) > 0 && len(t.Arbiters(l.shape.Key)) == 0
}

// watch begins or ends the watch over keys, as the latest layout of the stream calls for.
func (l *loader) watch(s *stream) {
	switch {
	case !s.plan.layout.deferred:
		l.unwatch(s)
	case s.keys == nil:
		s.keys = newKeySet()
	}
}

func (l *loader) unwatch(s *stream) {
	s.keys = nil
	if l.keyTable == s {
		l.keyTable = nil
	}
}

// newKey takes up the key of the row that was appended last, and tells whether it is a new one. When there is no room to
// know, it is none.
func (l *loader) newKey(s *stream) bool {
	table := l.o.Limits.Keys
	if l.keyTable != nil && l.keyTable != s {
		table = 0 // one is enough
	}
	if s.keys.full(table) {
		return false
	}
	if s.keys.tags != nil {
		l.keyTable = s
	}
	return s.keys.add(s.plan.Hash)
}

// addKey ends a stream's first load.
func (l *loader) addKey(s *stream) error {
	l.unwatch(s)
	return l.again(s)
}

// addKeys ends all first loads.
func (l *loader) addKeys() error {
	for _, s := range l.order {
		if s.keys == nil {
			continue
		}
		if err := l.addKey(s); err != nil {
			return err
		}
	}
	if l.interval != nil {
		l.commit(nil)
	}
	return nil
}
