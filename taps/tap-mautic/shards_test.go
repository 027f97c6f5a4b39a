package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestShards reads every row in one run alone, also what came and what changed until a second one.
func TestShards(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	for i := range 60 {
		m.Tables["email_stats"] = append(m.Tables["email_stats"], mautictest.Stat(1000+i*i*97, 8, i, 1+i%9))
		m.Tables["audit_log"] = append(m.Tables["audit_log"], m.Tables["audit_log"][i%2].With(mautictest.Row{"id": 3 + i*4001}))
	}
	settings := map[string]any{"select": "*,!contact_activity", "stats_page_size": 7}
	var wholeState []byte
	shards := map[string][]byte{}
	for range 2 {
		var whole []taptest.Message
		whole, wholeState = sync(t, m, settings, wholeState)
		taptest.Shards(t, whole, func(shard string) (part []taptest.Message) {
			part, shards[shard] = sync(t, m, settings, shards[shard], "--shard", shard)
			require.NotEmpty(t, records(part, "email_stats"))
			return part
		}, 2, 5)
		today := mautictest.Today.Add(time.Hour)
		m.Now = func() time.Time { return today }
		stats := m.Tables["email_stats"]
		for i := 5; i < len(stats); i += 9 {
			stats[i] = stats[i].With(mautictest.Row{"is_read": 1, "date_read": "2026-05-10 12:10:00", "open_count": 1, "last_opened": "2026-05-10 12:10:00"})
		}
		for i := range 20 {
			m.Tables["email_stats"] = append(m.Tables["email_stats"], mautictest.Stat(400_000+i*7001, 8, i, 10))
		}
	}
}

// TestShardsOfIDs gives each id to one run alone, and finds the next one of a run's own.
func TestShardsOfIDs(t *testing.T) {
	t.Parallel()
	l := &listing{parted: true, stream: tap.Stream{Name: "email_stats"}}
	for count := 1; count <= 64; count++ {
		owners := map[int64]int{}
		for index := range count {
			s := &source{run: &tap.Run{Shard: tap.Shard{Index: index, Count: count}}}
			for id := s.ours(l, 1); id < 3_000_000; id = s.ours(l, id+1) {
				owners[id/idsTogether]++
				id = id/idsTogether*idsTogether + idsTogether - 1 // the last one of these
				require.Equal(t, id, s.ours(l, id))
			}
		}
		for first := range int64(300) {
			require.Equal(t, 1, owners[first], "%d shards, ids from %d", count, first*idsTogether)
		}
	}
}
