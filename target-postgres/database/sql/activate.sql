{{- /* Rows of an older version, or of none, are no longer live. Rows that are marked already keep their mark. */ -}}
{{if .Hard -}}
DELETE FROM {{.Table}} AS t WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND {{.Scope}}
{{- else -}}
UPDATE {{.Table}} AS t SET "_sdc_deleted_at" = $2
WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND t."_sdc_deleted_at" IS NULL AND {{.Scope}}
{{- end}}
