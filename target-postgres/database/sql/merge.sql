{{- /* Of the staged rows of one key the newest counts; it is written where there is none, or where the one there differs and is
not newer. Rows are locked in the order of their keys. ON CONFLICT locks a row before it is compared, which costs WAL even where
nothing is written; with Same, rows that the table has already are left out before. OFFSET 0 keeps that a search by index for
each row, whatever the planner thinks of a join. */ -}}
WITH batch AS (
	SELECT DISTINCT ON ({{idents .Key}}) {{names .Columns}}
	FROM {{.Staging}}
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY {{idents .Key}}, {{template "newest" .}}
),
{{- if .Removed}} gone AS (
	DELETE FROM {{.Table}} AS t USING batch AS excluded
	WHERE {{template "key" .}} AND excluded.{{.Removed}} IS NOT NULL{{template "newer" .}}
	RETURNING 1
),
{{- end}}
{{- if .Parted}} known AS (
	SELECT count(*) AS n FROM batch JOIN {{.Table}} AS t USING ({{idents .Key}}){{if .Removed}} WHERE batch.{{.Removed}} IS NULL{{end}}
),
{{- end}} merged AS (
	INSERT INTO {{.Table}} AS t ({{names .Columns}})
	SELECT {{names .Columns}} FROM batch AS excluded
	{{- if .Removed}} WHERE {{.Removed}} IS NULL{{end}}
	{{- if .Same}}
	{{if .Removed}}AND{{else}}WHERE{{end}} NOT EXISTS (
		SELECT FROM {{.Table}} AS t WHERE {{template "key" .}} AND ({{template "differs" .}}{{template "newer" .}}) IS NOT TRUE OFFSET 0
	){{end}}
	ORDER BY {{idents .Key}}
	ON CONFLICT ({{idents .Key}}) DO
	{{- if .Assigned}} UPDATE SET {{range $i, $c := .Assigned}}{{if $i}}, {{end}}{{$c.Name}} = excluded.{{$c.Name}}{{end}}
	WHERE {{template "differs" .}}{{template "newer" .}}
	{{- else}} NOTHING{{end}}
	RETURNING {{if .Parted}}NULL::boolean{{else}}t.xmax = 0{{end}} AS inserted
)
SELECT
{{- if .Parted}} live.n - known.n, merged.n - (live.n - known.n),
{{- else}} count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted),
{{- end}} {{if .Removed}}(SELECT count(*) FROM gone){{else}}0::bigint{{end}}
FROM {{if .Parted}}known, (SELECT count(*) AS n FROM merged) AS merged, (SELECT count(*) AS n FROM batch{{if .Removed}} WHERE {{.Removed}} IS NULL{{end}}) AS live
{{- else}}merged{{end}}
{{- define "newest"}}{{if .Cursor}}{{.Cursor}}{{if .CursorText}} COLLATE "C"{{end}} DESC NULLS LAST, {{end}}{{if .Then}}{{.Then}} DESC NULLS LAST, {{end}}"_signalroom_line" DESC{{end}}
{{- define "newer"}}
	{{- if .Newest}}

		{{- if .Then}}
		AND (excluded.{{.Cursor}} {{if .CursorText}}COLLATE "C" {{end}}> t.{{.Cursor}} OR t.{{.Cursor}} IS NULL AND excluded.{{.Cursor}} IS NOT NULL
			OR excluded.{{.Cursor}} IS NOT DISTINCT FROM t.{{.Cursor}} AND (t.{{.Then}} IS NULL OR excluded.{{.Then}} >= t.{{.Then}}))
		{{- else}}
		AND (t.{{.Cursor}} IS NULL OR excluded.{{.Cursor}} {{if .CursorText}}COLLATE "C" {{end}}>= t.{{.Cursor}})
		{{- end}}
	{{- end}}
{{- end}}

{{- define "key"}}{{range $i, $k := .Key}}{{if $i}} AND {{end}}t.{{$k}} = excluded.{{$k}}{{end}}{{end}}
{{- /* Rows are compared by what is stored: *<> tells 1.50 from 1.5, and a from A in citext, and takes types without =. */ -}}
{{- define "differs"}}
	{{- if .Compared}}ROW({{of "t" .Compared}})::record *<> ROW({{of "excluded" .Compared}})::record{{else}}false{{end}}
{{- end}}
