#!/bin/sh
# Makes the connection of the folder connection: its source, its destination, and what runs between them every hour.
#
#   WORKSPACE_ID=... sh connect.sh SOURCE_DEFINITION_ID DESTINATION_DEFINITION_ID
#
# The ids are those that add-connector.sh printed. The variables of api.sh count too.
set -eu
cd "$(dirname "$0")"
# create KIND [DEFINITION_ID]: sends connection/KIND.json, and prints the id of what was made.
create() {
	answer=$(sed -e "s/WORKSPACE_ID/$WORKSPACE_ID/" -e "s/DEFINITION_ID/${2:-}/" -e "s/THE_SOURCE/${source:-}/" -e "s/THE_DESTINATION/${destination:-}/" \
		"connection/$1.json" | sh ./api.sh POST "/api/public/v1/${1}s") || exit 1
	printf '%s\n' "$answer" | sed -n "s/.*\"${1}Id\" *: *\"\([^\"]*\)\".*/\1/p"
}
source=$(create source "$1")
destination=$(create destination "$2")
connection=$(create connection)
echo "connection $connection from source $source to destination $destination"
