{{- /* Of the staged rows of one key the newest counts; it is written where there is none, or where the one there differs and is not newer. */ -}}
WITH batch AS (
	SELECT DISTINCT ON ({{idents .Key}}) {{names .Columns}}
	FROM {{.Staging}}
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY {{idents .Key}}, {{if .Cursor}}{{.Cursor}}{{if .CursorText}} COLLATE "C"{{end}} DESC NULLS LAST, {{end}}"_signalroom_line" DESC
),
{{- if .Removed}} gone AS (
	DELETE FROM {{.Table}} AS t USING batch AS excluded
	WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}t.{{$k}} = excluded.{{$k}}{{end}}
		AND excluded.{{.Removed}} IS NOT NULL{{template "newer" .}}
	RETURNING 1
),
{{- end}}
{{- if .Parted}} known AS (
	SELECT count(*) AS n FROM batch JOIN {{.Table}} AS t USING ({{idents .Key}}){{if .Removed}} WHERE batch.{{.Removed}} IS NULL{{end}}
),
{{- end}} merged AS (
	INSERT INTO {{.Table}} AS t ({{names .Columns}})
	SELECT {{names .Columns}} FROM batch{{if .Removed}} WHERE {{.Removed}} IS NULL{{end}}
	ORDER BY {{idents .Key}}
	ON CONFLICT ({{idents .Key}}) DO
	{{- if .Assigned}} UPDATE SET {{range $i, $c := .Assigned}}{{if $i}}, {{end}}{{$c.Name}} = excluded.{{$c.Name}}{{end}}
	WHERE ({{range $i, $c := .Compared}}{{if $i}} OR {{end}}{{$c.Of "t"}} IS DISTINCT FROM {{$c.Of "excluded"}}{{else}}false{{end}}){{template "newer" .}}
	{{- else}} NOTHING{{end}}
	RETURNING {{if .Parted}}NULL::boolean{{else}}t.xmax = 0{{end}} AS inserted
)
SELECT
{{- if .Parted}} live.n - known.n, merged.n - (live.n - known.n),
{{- else}} count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted),
{{- end}} {{if .Removed}}(SELECT count(*) FROM gone){{else}}0::bigint{{end}}
FROM {{if .Parted}}known, (SELECT count(*) AS n FROM merged) AS merged, (SELECT count(*) AS n FROM batch{{if .Removed}} WHERE {{.Removed}} IS NULL{{end}}) AS live
{{- else}}merged{{end}}
{{- define "newer"}}
	{{- if .Newest}}
		AND (t.{{.Cursor}} IS NULL OR excluded.{{.Cursor}} {{if .CursorText}}COLLATE "C" {{end}}>= t.{{.Cursor}})
	{{- end}}
{{- end}}
