{{- /* Rows of another table are added; with a key they take the place of those that are not newer. */ -}}
INSERT INTO {{.Table}} AS t ({{names .Columns}})
SELECT {{if .Key}}DISTINCT ON ({{idents .Key}}) {{end}}{{names .Columns}} FROM {{.Staging}} AS excluded
{{- if .Key}}
ORDER BY {{idents .Key}}{{if .Cursor}}, {{.Cursor}}{{if .CursorText}} COLLATE "C"{{end}} DESC NULLS LAST{{end}}{{if .Then}}, {{.Then}} DESC NULLS LAST{{end}}
ON CONFLICT ({{idents .Key}}) DO
{{- if .Assigned}} UPDATE SET {{range $i, $c := .Assigned}}{{if $i}}, {{end}}{{$c.Name}} = excluded.{{$c.Name}}{{end}}
WHERE true{{template "newer" .}}
{{- else}} NOTHING{{end}}
{{- end}}
