package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRows(t *testing.T) {
	t.Parallel()
	e := newEncoder(9, []column{{"uuid", "uuid", false}, {"timestamp", "timestamp", false}, {"properties", "properties", true}}, "timestamp")
	for row, want := range map[string]string{
		`["u","t","{\"a\":1.10}"]`: `{"project_id":9,"uuid":"u","timestamp":"t","properties":{"a":1.10}}`,
		` [ "u" , "t" , null ] `:   `{"project_id":9,"uuid":"u","timestamp":"t","properties":null}`,
		`["u","t",{"a":1}]`:        `{"project_id":9,"uuid":"u","timestamp":"t","properties":{"a":1}}`,
		`["u","t","{\"a\":1"]`:     `{"project_id":9,"uuid":"u","timestamp":"t","properties":"{\"a\":1"}`,
		`["u","t",""]`:             `{"project_id":9,"uuid":"u","timestamp":"t","properties":null}`,
	} {
		at, uuid, err := e.split([]byte(row))
		require.NoError(t, err, row)
		require.Equal(t, "u t", string(uuid)+" "+string(at))
		require.Equal(t, want, string(e.record()))
	}
	for _, row := range []string{`{}`, ``, `[]`, `["u"]`, `["u","t"]`, `["u","t",1,2]`, `["u","t",1`, `[null,"t",1]`, `["u",5,1]`, `["u","t","x`} {
		_, _, err := e.split([]byte(row))
		require.Error(t, err, row)
		require.NotContains(t, err.Error(), `"u"`, "no values")
	}
}

// TestRowsAllocateNothing cannot run beside other tests.
func TestRowsAllocateNothing(t *testing.T) {
	e := newEncoder(9, eventColumns[:3], "timestamp")
	row := []byte(`["u","$pageview","t"]`)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _, _ = e.split(row)
		e.record()
	}))
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	const second = "2026-05-01T10:02:03"
	for _, c := range []struct {
		a, b string
		want int
	}{
		{second + "Z", second + "Z", 0},
		{second + "Z", second + ".1Z", -1}, // a fraction of zero is not written
		{second + ".09Z", second + ".1Z", -1},
		{second + ".123456Z", second + ".12345Z", 1},
		{second + "Z", second + "+00:00", 0},
		{second + ".5Z", "2026-05-01T12:02:03.4+02:00", 1},
		{"2026-05-01 10:02:03.25", second + ".3Z", -1},
	} {
		require.Equal(t, c.want, compareInstants([]byte(c.a), []byte(c.b)), "%s %s", c.a, c.b)
		require.Equal(t, -c.want, compareInstants([]byte(c.b), []byte(c.a)), "%s %s", c.b, c.a)
	}
	p := place{at: []byte(second + "Z"), uuid: []byte("b")}
	ahead, same := p.compare([]byte(second+"Z"), []byte("b"))
	require.True(t, same && !ahead)
	ahead, same = p.compare([]byte(second+"Z"), []byte("a"))
	require.True(t, !same && !ahead)
	ahead, _ = p.compare([]byte(second+".000001Z"), []byte("a"))
	require.True(t, ahead)
	p.take([]byte(second+".000001Z"), []byte("a"))
	got, err := p.position(day(9))
	require.NoError(t, err)
	require.Equal(t, position{At: time.Date(2026, 5, 1, 10, 2, 3, 1000, time.UTC), UUID: "a", Until: day(9)}, got)
	p.take([]byte("yesterday"), nil)
	_, err = p.position(day(9))
	require.ErrorContains(t, err, "not spelt as expected")
}
