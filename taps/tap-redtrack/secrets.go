package main

import (
	"regexp"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

// secrets are the members that are left out of the lists' rows, at any depth: credentials of other systems, keys of
// certificates, and stat, whose numbers depend on the request's dates.
var secrets = map[string]bool{
	"access_token": true, "acme": true, "api_key": true, "apikey": true, "google_analytics_key": true, "integration_postback": true, "params": true,
	"password": true, "pixels": true, "pixels_relations": true, "postback_token": true, "secret": true, "ssl": true, "stat": true, "token": true,
}

// urlSecret is a parameter of a URL that holds a credential, and not a macro such as {clickid}.
var urlSecret = regexp.MustCompile(`(?i)([?&](?:[\w.-]*[_.-])?(?:api_?key|key|token|access_?token|secret|auth|password|passwd|pwd|sig|signature)=)[^{\[$#&%][^&#]*`)

// appendWithoutSecrets appends a value without its secrets; those inside URLs become ****.
func appendWithoutSecrets(dst, value []byte) ([]byte, error) {
	switch rawjson.KindOf(value) {
	case rawjson.Object:
		var scanner rawjson.Scanner
		fields, err := scanner.Fields(value)
		if err != nil {
			return dst, err
		}
		dst = append(dst, '{')
		for _, field := range fields {
			if secrets[string(field.Name)] {
				continue
			}
			dst = append(rawjson.AppendStringLossy(comma(dst), field.Name), ':')
			if dst, err = appendWithoutSecrets(dst, field.Value); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	case rawjson.Array:
		dst = append(dst, '[')
		for pos := rawjson.SkipSpace(value, 1); value[pos] != ']'; {
			end, err := rawjson.SkipValue(value, pos)
			if err != nil {
				return dst, err
			}
			if dst, err = appendWithoutSecrets(comma(dst), value[pos:end]); err != nil {
				return dst, err
			}
			if pos = rawjson.SkipSpace(value, end); value[pos] == ',' {
				pos = rawjson.SkipSpace(value, pos+1)
			}
		}
		return append(dst, ']'), nil
	case rawjson.String:
		text, _ := rawjson.AppendUnquoted(nil, value)
		if urlSecret.Match(text) {
			return rawjson.AppendStringLossy(dst, urlSecret.ReplaceAll(text, []byte("$1****"))), nil
		}
	}
	return append(dst, value...), nil
}

// comma appends one where an element stands before.
func comma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}
