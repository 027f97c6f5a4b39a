{{- /* A staging table takes rows as the table would: its checks, its nulls. A trigger may mend a row first, so then it takes any. */ -}}
{{if .Triggers -}}
CREATE TEMPORARY TABLE {{.Staging.Name}} ON COMMIT DROP AS SELECT {{names .Columns}}, 0::bigint AS "_signalroom_line" FROM {{.Table}} WITH NO DATA
{{- else -}}
CREATE TEMPORARY TABLE {{.Staging.Name}} (LIKE {{.Table}} INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED, "_signalroom_line" bigint) ON COMMIT DROP
{{- end}}
