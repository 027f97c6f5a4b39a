{{- /* What a replace removes: rows of the scope, with a key those that the new set does not have. */ -}}
DELETE FROM {{.Table}} AS t
WHERE {{.Scope}}
{{- if .Key}} AND NOT EXISTS (
	SELECT FROM {{.Staging}} AS s WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}s.{{$k}} = t.{{$k}}{{end}}
)
{{- end}}
