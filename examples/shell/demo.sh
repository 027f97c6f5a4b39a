#!/usr/bin/env bash
# The demo: `make demo`. Sample exports of two shops go from an S3 server into a private PostgreSQL; then a day is added and
# only its rows follow. The Go program in demo/ starts the S3 server and runs this script.
set -euo pipefail
cd "$(dirname "$0")/../.."

: "${DEMO:?start this with: make demo}"
here=$DEMO_FOLDER
db=$here/postgres
PATH=${DEMO_BIN:-$PWD/bin}:$PATH

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$1"; eval "$1"; }
sql() { "$DEMO" sql "$db" "$@"; }

counts="
  SELECT client_id, 'sticky_orders' AS table, count(*) AS rows, count(DISTINCT _file_name) AS files, min(_file_date), max(_file_date) FROM sticky_orders GROUP BY 1
  UNION ALL
  SELECT client_id, 'sticky_prospects', count(*), count(DISTINCT _file_name), min(_file_date), max(_file_date) FROM sticky_prospects GROUP BY 1
  ORDER BY 2, 1"

load() {
  for client in acme globex; do
    run "tap-s3-exports --config $here/$client.json --state <(target-postgres state --embedded $db --pipeline $client) | target-postgres --embedded $db --pipeline $client > $here/$client.state"
  done
}

say "1. Two shops push their exports to S3 every day: order and prospect files, four days so far"
"$DEMO" put 1 4

say "2. One config per shop; bucket, endpoint and keys come from the environment"
for client in acme globex; do
  cat > "$here/$client.json" <<JSON
{
  "client_id": "$client",
  "prefix": "$client/",
  "presets": ["sticky_orders", "sticky_prospects"],
  "timezone": "America/New_York"
}
JSON
done
run "cat $here/acme.json"

say "3. The pipe, once per shop"
load

say "4. What is in PostgreSQL"
sql "$counts" \
  "SELECT client_id, order_id, order_status, date_of_sale, order_total, bill_last, product_name, product_sku
     FROM sticky_orders ORDER BY client_id, _file_name DESC, _row_id LIMIT 3" \
  "SELECT client_id, order_status, count(*), sum(order_total) AS total FROM sticky_orders GROUP BY 1, 2 ORDER BY 1, 2"
echo "  One row was no CSV. It cost itself alone, and this says where it is:"
sql 'SELECT client_id, file, line, "column", reason FROM _rejected_rows'

say "5. A day later"
"$DEMO" put 5 5
load
sql "$counts"

say "6. Nothing new, nothing added"
load

say "7. Every load so far"
run "target-postgres loads --embedded $db"

cat <<END

The PostgreSQL folder stays in $db. To look further:

  bin/target-postgres loads --embedded $db
  bin/target-postgres rejects list --embedded $db
  go run ./examples/shell/demo sql $db 'SELECT * FROM sticky_orders LIMIT 1'
  go run ./examples/shell/demo serve $db      # runs the server for psql and others, until Ctrl-C

No server is left running. \`rm -r $here\` removes all of it.
END
