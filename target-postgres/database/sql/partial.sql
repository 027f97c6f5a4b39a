{{- /* Partial rows: a column that a record did not name keeps its value. Of the staged rows of one key each column's newest value counts.
First come rows whose key is new, then, in a statement of its own that sees what another loader has inserted meanwhile, the others. */ -}}
WITH batch AS (
	SELECT {{idents .Key}}
	{{- range $i, $c := .Columns}}{{if not $c.Key}},
		((array_agg(excluded ORDER BY {{template "newest" $}}) FILTER (WHERE get_bit(excluded."_signalroom_absent", {{$i}}) = 0))[1]).{{$c.Name}} AS {{$c.Name}}
	{{- end}}{{end}},
		bit_and(excluded."_signalroom_absent") AS "_signalroom_absent"
	FROM {{.Staging}} AS excluded
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	{{- if .Newest}} AND NOT EXISTS (SELECT FROM {{.Table}} AS t WHERE {{template "key" .}} AND (true{{template "newer" .}}) IS NOT TRUE OFFSET 0){{end}}
	GROUP BY {{idents .Key}}
),
{{- if .New}} added AS (
	INSERT INTO {{.Table}} ({{names .Columns}})
	SELECT {{names .Columns}} FROM batch AS excluded
	WHERE {{if .Removed}}{{.Removed}} IS NULL AND {{end}}NOT EXISTS (SELECT FROM {{.Table}} AS t WHERE {{template "key" .}} OFFSET 0)
	ORDER BY {{idents .Key}}
	ON CONFLICT ({{idents .Key}}) DO NOTHING
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
{{- else}}
{{- if .Removed}} gone AS (
	DELETE FROM {{.Table}} AS t USING batch AS excluded
	WHERE {{template "key" .}} AND excluded.{{.Removed}} IS NOT NULL{{template "newer" .}}
	RETURNING 1
),
{{- end}} changed AS (
	UPDATE {{.Table}} AS t
	SET {{$comma := ""}}{{range $i, $c := .Columns}}{{if not $c.Key}}{{$comma}}{{$c.Name}} = {{template "present" at $i $c.Name}}{{$comma = ", "}}{{end}}{{end}}
	FROM batch AS excluded
	WHERE {{template "key" .}}{{if .Removed}} AND excluded.{{.Removed}} IS NULL{{end}}
		AND ROW({{of "t" .Compared}})::record *<> ROW({{$comma = ""}}{{range $i, $c := .Columns}}{{if not (or $c.Key $c.Ignored)}}{{$comma}}{{template "present" at $i $c.Name}}{{$comma = ", "}}{{end}}{{end}})::record
		{{- template "newer" .}}
	RETURNING 1
)
SELECT 0::bigint, (SELECT count(*) FROM changed), {{if .Removed}}(SELECT count(*) FROM gone){{else}}0::bigint{{end}}
{{- end}}
{{- define "present"}}CASE get_bit(excluded."_signalroom_absent", {{.Bit}}) WHEN 0 THEN excluded.{{.Name}} ELSE t.{{.Name}} END{{end}}
