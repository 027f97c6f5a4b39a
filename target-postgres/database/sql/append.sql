{{- /* The first row of a new key is kept; a key that is there already keeps its row. */ -}}
WITH added AS (
	INSERT INTO {{.Table}} ({{names .Columns}})
	SELECT {{names .Columns}} FROM {{.Staging}}
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY {{if .Key}}{{idents .Key}}, {{end}}"_signalroom_line"
	{{- if .Key}}
	ON CONFLICT ({{idents .Key}}) DO NOTHING
	{{- end}}
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
