package database

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

var update = flag.Bool("update", false, "write what came out into the golden files")

func TestStatements(t *testing.T) {
	t.Parallel()
	column := func(name columns.Ident) ShapeColumn { return ShapeColumn{Name: name} }
	key := func(name columns.Ident) ShapeColumn { return ShapeColumn{Name: name, Key: true} }
	ours := func(name columns.Ident) ShapeColumn { return ShapeColumn{Name: name, Ignored: true} }
	orders := columns.Table{Schema: "public", Name: "orders"}
	staging := columns.Table{Schema: "pg_temp", Name: "_signalroom_staging_1"}
	for name, s := range map[string]Shape{
		"merge": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"id"},
			Columns: []ShapeColumn{key("id"), column("status"), {Name: "payload"}, ours("_sdc_received_at")}},
		"merge_cursor": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"client_id", "id"}, Cursor: "updated_at", Newest: true,
			Columns: []ShapeColumn{key("client_id"), key("id"), column("updated_at")}},
		"merge_text_cursor_hard": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"id"}, Cursor: "version", CursorText: true, Newest: true,
			Removed: "_sdc_deleted_at", Hard: true, Columns: []ShapeColumn{key("id"), column("version"), column("_sdc_deleted_at")}},
		"merge_keys_only_partitioned": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"id"}, Parted: true, Triggers: true,
			Columns: []ShapeColumn{key("id")}},
		"replace_scope": {Table: orders, Staging: staging, Scope: `t."client_id" = 'acme'::text`, Key: []columns.Ident{"client_id", "id"}, Cursor: "updated_at",
			Columns: []ShapeColumn{key("client_id"), key("id"), column("updated_at")}},
		"partial": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"id"}, Cursor: "updated_at", Newest: true, Partial: true,
			Removed: "_sdc_deleted_at", Hard: true, Columns: []ShapeColumn{column("status"), key("id"), column("updated_at"), column("_sdc_deleted_at"), ours("_sdc_received_at")}},
		"airbyte": {Table: orders, Staging: staging, Scope: "true", Key: []columns.Ident{"id"}, Cursor: "updated_at", Then: "_airbyte_extracted_at", Newest: true,
			Columns: []ShapeColumn{key("id"), column("updated_at"), ours("_airbyte_extracted_at")}},
		"keyless": {Table: columns.Table{Schema: `we"ird`, Name: `na"me; --`}, Staging: staging, Scope: "true", Columns: []ShapeColumn{column(`a"b`)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := "-- CopyTable\n" + s.CopyTable() + "\n-- CopyStaging\n" + s.CopyStaging() + "\n"
			for _, one := range []struct {
				name  string
				which Statement
				when  bool
			}{
				{"Stage", Stage, true}, {"AddPartial", AddPartial, s.Partial}, {"SetPartial", SetPartial, s.Partial}, {"Merge", Merge, len(s.Key) > 0 && !s.Partial},
				{"MergeAnew", MergeAnew, len(s.Key) > 0}, {"MergeSame", MergeSame, len(s.Key) > 0}, {"Append", Append, true}, {"Sweep", Sweep, true},
				{"Clear", Clear, true}, {"Activate", Activate, true}, {"Adopt", Adopt, s.Then != "" || len(s.Key) == 0},
			} {
				if one.when {
					sql, err := s.SQL(one.which)
					require.NoError(t, err)
					got += "-- " + one.name + "\n" + sql + "\n"
				}
			}
			golden := filepath.Join("testdata", name+".sql")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}
