{{- /* A staging table takes rows as the table would: its checks, its nulls. A trigger may mend a row first, a partial row is none yet,
and one that only deletes may be no more than a key, so then it takes any. */ -}}
{{if .Partial -}}
CREATE TEMPORARY TABLE {{.Staging.Name}} ON COMMIT DROP AS
SELECT {{names .Columns}}, NULL::bit({{len .Columns}}) AS "_signalroom_absent", 0::bigint AS "_signalroom_line" FROM {{.Table}} WITH NO DATA
{{- else if or .Triggers .Removed -}}
CREATE TEMPORARY TABLE {{.Staging.Name}} ON COMMIT DROP AS SELECT {{names .Columns}}, 0::bigint AS "_signalroom_line" FROM {{.Table}} WITH NO DATA
{{- else -}}
CREATE TEMPORARY TABLE {{.Staging.Name}} (LIKE {{.Table}} INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED, "_signalroom_line" bigint) ON COMMIT DROP
{{- end}}
