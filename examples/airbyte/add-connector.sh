#!/bin/sh
# Adds a program to an Airbyte as a custom connector, and prints the answer, which has the id of the definition:
#
#   WORKSPACE_ID=... sh add-connector.sh tap-posthog [TAG] [REPOSITORY]
#
# TAG is that of the image, and by default the newest release. REPOSITORY is the image's name where it is not the published one. The
# variables of api.sh count too. AIRBYTE_API=internal uses the API of the web page, for an Airbyte whose public API refuses.
set -eu
cd "$(dirname "$0")"
fact() { sed -n "s/^  $1: //p" "$program/metadata.yaml"; }
program=$1
tag=${2:-$(fact dockerImageTag)}
repository=${3:-$(fact dockerRepository)}
type=$(fact connectorType)
definition=$(printf '"name": "%s (Signalroom)", "dockerRepository": "%s", "dockerImageTag": "%s", "documentationUrl": "%s"' \
	"$(fact name)" "$repository" "$tag" "$(fact documentationUrl)")
if [ "${AIRBYTE_API:-public}" = internal ]; then
	printf '{"workspaceId": "%s", "%sDefinition": {%s}}' "$WORKSPACE_ID" "$type" "$definition" |
		sh ./api.sh POST "/api/v1/${type}_definitions/create_custom"
else
	printf '{%s}' "$definition" |
		sh ./api.sh POST "/api/public/v1/workspaces/$WORKSPACE_ID/definitions/${type}s"
fi
