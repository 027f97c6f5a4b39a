package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
)

var monday = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func listed(key, etag string, modified time.Time) objects.Object {
	return objects.Object{Key: key, ETag: etag, Size: 10, Modified: modified}
}

// reload passes the ledger through its JSON form, as a run does.
func reload(t *testing.T, l *ledger) *ledger {
	t.Helper()
	text, err := json.Marshal(l)
	require.NoError(t, err)
	var again ledger
	require.NoError(t, json.Unmarshal(text, &again))
	return &again
}

func TestLedgerJudges(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	a, b := listed("a.csv", "1", monday), listed("b.csv", "2", monday)
	require.Equal(t, fileNew, l.judge(a))
	l.finish(a)
	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, 24*time.Hour)
	l = reload(t, l)

	require.Equal(t, fileDone, l.judge(a))
	require.Equal(t, fileNew, l.judge(b), "a file of the same second")
	require.Equal(t, fileRewritten, l.judge(listed("a.csv", "9", monday)), "rewritten within the second")
	require.Equal(t, fileNew, l.judge(listed("late.csv", "3", monday.Add(-23*time.Hour))), "a multipart upload that began before")
	require.Equal(t, fileDone, l.judge(listed("old.csv", "4", monday.Add(-25*time.Hour))), "behind the lookback")

	plain := listed("p.csv", "", monday)
	l.finish(plain)
	require.Equal(t, fileDone, l.judge(plain))
	plain.Size++
	require.Equal(t, fileRewritten, l.judge(plain), "without an ETag the size tells")
}

func TestLedgerNeverPassesWhatIsNotRead(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	l := &ledger{}
	l.finish(listed("new.csv", "1", monday))
	l.settleUp(monday.Add(time.Hour), monday.Add(-30*day), monday, day)
	require.Equal(t, fileNew, l.judge(listed("waiting.csv", "2", monday.Add(-30*day))))

	failed := listed("failed.csv", "3", monday.Add(-20*day))
	l.postpone(failed)
	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, day)
	l = reload(t, l)
	require.Equal(t, fileNew, l.judge(failed), "below the floor, but in retry")
	require.Equal(t, fileDone, l.judge(listed("other.csv", "3", monday.Add(-20*day))))
	l.finish(failed)
	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, day)
	require.Equal(t, fileDone, reload(t, l).judge(failed))

	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, 300*day)
	require.Equal(t, fileDone, l.judge(failed), "a longer lookback does not bring back what was dropped")

	l.settleUp(monday, time.Time{}, monday.Add(1000*day), day)
	require.False(t, l.watermark.After(monday), "a modification time in the future does not close the present")
}

func TestLedgerOfOtherFiles(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	require.False(t, l.admit("orders", monday), "a first run")
	l.finish(listed("a.csv", "1", monday))
	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, 24*time.Hour)
	l = reload(t, l)
	old := listed("old.csv", "1", monday.Add(-90*24*time.Hour))
	require.False(t, l.admit("orders", monday.Add(time.Hour)), "a later start")
	require.Equal(t, fileDone, l.judge(old))
	require.True(t, l.admit("orders", monday.Add(-time.Hour)), "an earlier start")
	require.Equal(t, fileNew, l.judge(old))
	require.Equal(t, fileDone, l.judge(listed("a.csv", "1", monday)), "what is remembered stays done")
	l.settleUp(monday.Add(time.Hour), time.Time{}, monday, 24*time.Hour)
	require.True(t, l.admit("prospects", monday.Add(-time.Hour)), "another pattern")
}

func TestLedgerSize(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"a year of dates": 365 * 24 * time.Hour / 10_000, "one day": 24 * time.Hour / 10_000} {
		l := &ledger{}
		for i := range 10_000 {
			l.finish(listed(fmt.Sprintf("sticky/orders/%06d.csv", i), "9b2cf535f27731c974343645a3985328", monday.Add(time.Duration(i)*step)))
		}
		newest := monday.Add(9_999 * step)
		l.settleUp(newest.Add(time.Hour), time.Time{}, newest, 7*24*time.Hour)
		text, err := json.Marshal(l)
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), 128<<10, name)
		again, err := json.Marshal(reload(t, l))
		require.NoError(t, err)
		require.Equal(t, string(text), string(again), "the form is canonical")
	}
}

func TestLedgerLimit(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	at := func(i int) time.Time { return monday.Add(time.Duration(i) * 100 * time.Millisecond) }
	for i := range ledgerLimit + 5000 {
		l.finish(listed(fmt.Sprint(i), "x", at(i)))
	}
	newest := at(ledgerLimit + 4999)
	dropped := l.settleUp(newest.Add(time.Hour), time.Time{}, newest, 7*24*time.Hour)
	require.Positive(t, dropped)
	require.LessOrEqual(t, len(l.done), ledgerLimit)
	for i := range ledgerLimit + 5000 {
		require.Equal(t, fileDone, l.judge(listed(fmt.Sprint(i), "x", at(i))), "what was dropped is closed, not forgotten")
	}
}

func TestLedgerDamaged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"version":2}`, `{}`, `[]`, `{"version":1,"files":{"yesterday":""}}`, `{"version":1,"files":{"2026-11-02T12":"AAA"}}`,
		`{"version":1,"retry":"!"}`, `{"version":1,"columns":[["a","float"]]}`, `{"version":1,"columns":[["a"]]}`,
	} {
		require.Error(t, json.Unmarshal([]byte(text), &ledger{}), text)
	}
}
