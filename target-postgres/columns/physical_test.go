package columns

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func physical(t *testing.T, text string) *Physical {
	t.Helper()
	var p Physical
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	return &p
}

func TestPhysicalFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"index":[]}`:                                     `json: unknown field "index"`,
		`{"indexes":[{}]}`:                                 "indexes: expected columns for each",
		`{"indexes":[{"column":1}]}`:                       `json: unknown field "column"`,
		`{"fillfactor":5}`:                                 "fillfactor: expected 10 to 100",
		`{"partition_by":{}}`:                              "partition_by: expected range or hash, a column",
		`{"partition_by":{"hash":"a","range":"b"}}`:        "partition_by: expected range or hash, a column",
		`{"partition_by":{"hash":"a"}}`:                    "partition_by: expected partitions, 1 to 5000",
		`{"partition_by":{"range":"a","interval":"hour"}}`: "partition_by: expected interval, one of day, week, month, year",
		`{"partition_by":{"range":"a","interval":"day","start":"2020"}}`:             "partition_by: expected start as YYYY-MM-DD",
		`{"partition_by":{"range":"a","interval":"day","ahead":-1}}`:                 "partition_by: expected ahead, 0 to 1000",
		`{"partition_by":{"range":"a","interval":"day","start":"2020-01-01","x":1}}`: `json: unknown field "x"`,
	} {
		require.EqualError(t, json.Unmarshal([]byte(text), &Physical{}), want, text)
	}

	table := Table{Name: "t"}
	have := []Column{{Name: "id", Type: Type{Kind: Bigint}, Key: true}, {Name: "at", Type: Type{Kind: Timestamptz}}}
	for text, want := range map[string]string{
		`{"indexes":[["no"]]}`:                                                                       "names the column \"no\", which is not there",
		`{"indexes":[{"columns":["id"],"include":["no"]}]}`:                                          "names the column \"no\", which is not there",
		`{"partition_by":{"hash":"no","partitions":1}}`:                                              "is to be parted by the column \"no\", which is not there",
		`{"partition_by":{"hash":"at","partitions":1}}`:                                              `its primary key ("id") must contain that column`,
		`{"partition_by":{"range":"id","interval":"day"}}`:                                           `is to be parted by ranges of "id", which is bigint`,
		`{"partition_by":{"hash":"id","partitions":1},"indexes":[{"columns":["at"],"unique":true}]}`: `must contain the column that parts it, "id"`,
	} {
		_, err := physical(t, text).Complete(table, have, &Storage{Parted: true}, time.Now())
		require.ErrorContains(t, err, want, text)
	}
	_, err := physical(t, `{"partition_by":{"range":"at","interval":"day","start":"0001-01-01"}}`).
		Complete(table, have[1:], &Storage{Parted: true}, time.Now())
	require.ErrorContains(t, err, "partition_by makes more than 5000 partitions; choose a later start or a longer interval in tables")
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 23, 30, 0, 0, time.FixedZone("", -3600)) // in UTC it is the 2nd, a Saturday
	for text, want := range map[string]string{
		`{"range":"at","interval":"day"}`:                                  "2027_01_02 2027_01_03 2027_01_04 2027_01_05",
		`{"range":"at","interval":"week","ahead":1}`:                       "2026_12_28 2027_01_04",
		`{"range":"at","interval":"month","ahead":1,"start":"2026-11-30"}`: "2026_11 2026_12 2027_01 2027_02",
		`{"range":"at","interval":"year","ahead":0,"start":"2025-06-01"}`:  "2025 2026 2027",
		`{"range":"at","interval":"year","ahead":0,"start":"2029-06-01"}`:  "",
	} {
		by := physical(t, `{"partition_by":`+text+`}`).Partition
		list, err := by.intervals(now)
		require.NoError(t, err)
		var got []string
		for _, from := range list {
			got = append(got, by.suffix(from))
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

// A run makes what the last one did not: the partition of a new year takes the rows along that were put aside.
func TestLatePartition(t *testing.T) {
	t.Parallel()
	p := physical(t, `{"partition_by":{"range":"at","interval":"year","ahead":0},"unlogged":true,"fillfactor":90,"indexes":[["id"]]}`)
	table := Table{Schema: "s", Name: "t"}
	columns := []Column{{Name: "id", Type: Type{Kind: Bigint}}, {Name: "at", Type: Type{Kind: Timestamptz}}, {Name: "made", ReadOnly: true}}
	require.Equal(t, "CREATE TABLE \"s\".\"t\" (\n\t\"id\" bigint,\n\t\"at\" timestamptz\n) PARTITION BY RANGE (\"at\")", p.Create(table, columns[:2], "", false)[0])
	have := Storage{Parted: true}
	first := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	got, err := p.Complete(table, columns, &have, first)
	require.NoError(t, err)
	require.Equal(t, []string{
		`CREATE UNLOGGED TABLE "s"."t_default" PARTITION OF "s"."t" DEFAULT WITH (fillfactor = 90)`,
		`CREATE UNLOGGED TABLE "s"."t_2026" PARTITION OF "s"."t" FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00') WITH (fillfactor = 90)`,
		`CREATE INDEX IF NOT EXISTS "t_id_286443fe" ON "s"."t" ("id")`,
	}, got)
	got, err = p.Complete(table, columns, &have, first)
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = p.Complete(table, columns, &have, first.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, []string{
		`LOCK TABLE "s"."t" IN SHARE ROW EXCLUSIVE MODE`,
		`CREATE UNLOGGED TABLE "s"."t_2027" (LIKE "s"."t" INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS) WITH (fillfactor = 90)`,
		`WITH moved AS (DELETE FROM "s"."t_default" WHERE "at" >= '2027-01-01 00:00:00+00' AND "at" < '2028-01-01 00:00:00+00' RETURNING "id", "at") INSERT INTO "s"."t_2027" ("id", "at") SELECT "id", "at" FROM moved`,
		`ALTER TABLE "s"."t" ATTACH PARTITION "s"."t_2027" FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2028-01-01 00:00:00+00')`,
	}, got)
	got, err = p.Complete(table, columns, &Storage{Parted: true, Partitions: []Ident{"by_hand"}, Indexes: have.Indexes}, first)
	require.NoError(t, err)
	require.Empty(t, got, "partitions that others made are theirs to complete")
}
