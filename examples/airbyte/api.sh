#!/bin/sh
# One request to an Airbyte's API, with the body on standard input: sh api.sh POST PATH < body.json
#
#   AIRBYTE_URL            where its web page is; http://localhost:8000
#   AIRBYTE_TOKEN          an access token, or
#   AIRBYTE_CLIENT_ID, AIRBYTE_CLIENT_SECRET    those of an application: User > User settings > Applications, or `abctl local credentials`
#
# Nothing of these is an argument of a command, where others on the machine could read it.
set -eu
umask 077
url=${AIRBYTE_URL:-http://localhost:8000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# request METHOD URL: the answer's body is on standard output; an answer that is an error ends the script and shows what it says.
request() {
	code=$(curl --silent --show-error --config "$work/config" --request "$1" --header 'Content-Type: application/json' --data "@$work/body" \
		--output "$work/answer" --write-out '%{http_code}' "$2")
	case $code in
	2*) cat "$work/answer" ;;
	*)
		echo "$1 $2: HTTP $code" >&2
		cat "$work/answer" >&2
		exit 1
		;;
	esac
}

if [ -z "${AIRBYTE_TOKEN:-}" ] && [ -n "${AIRBYTE_CLIENT_ID:-}" ]; then
	: > "$work/config"
	printf '{"client_id": "%s", "client_secret": "%s", "grant-type": "client_credentials"}' "$AIRBYTE_CLIENT_ID" "$AIRBYTE_CLIENT_SECRET" > "$work/body"
	request POST "$url/api/public/v1/applications/token" > "$work/token"
	AIRBYTE_TOKEN=$(sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/' "$work/token")
fi
: > "$work/config" # an Airbyte without authentication takes a request without a token
[ -z "${AIRBYTE_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$AIRBYTE_TOKEN" > "$work/config"
cat > "$work/body"
request "$1" "$url$2"
