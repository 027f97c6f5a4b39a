package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Two clients in one table, a day more, and a run with nothing new: what the demo shows.
func TestPipe(t *testing.T) {
	t.Parallel()
	const rows = 80
	store := newStore(t)
	putDays(store, 1, 4, rows)
	s := newSite(t, store)
	load := func() {
		for _, client := range []string{"acme", "globex"} {
			config := s.file(t, client+".json", map[string]any{
				"client_id": client, "prefix": client + "/", "presets": []string{"sticky_orders", "sticky_prospects"}, "timezone": "America/New_York",
			})
			s.mustLoad(t, pipe{tap: []string{"--config", config}, pipeline: client})
		}
	}
	load()
	// Each day after the first brings back one order in eight of the day before.
	require.Equal(t, "700", s.value(t, "SELECT count(*) FROM sticky_orders"), "2 clients, 4 days of 80 orders, 3 times 10 again")
	require.Equal(t, "640", s.value(t, "SELECT count(*) FROM sticky_prospects"))
	require.Equal(t, "8", s.value(t, "SELECT count(DISTINCT (client_id, _file_name)) FROM sticky_orders"))
	require.Equal(t, "1", s.value(t, "SELECT count(*) FROM _rejected_rows"))
	require.Equal(t, "acme/orders_2026-11-05.csv", s.value(t, "SELECT file FROM _rejected_rows"))
	require.Equal(t, "Müller", s.value(t, "SELECT min(bill_last) FROM sticky_orders WHERE client_id = 'globex' AND bill_first = 'Ana' AND _file_name LIKE '%20261103%'"),
		"a file in Windows-1252")
	require.Equal(t, "true", s.value(t, "SELECT bool_and(bill_address1 = E'12 Elm St\nApt 4') FROM sticky_orders WHERE bill_first = 'Ana' AND client_id = 'globex'"),
		"a line break inside quotes")
	require.Equal(t, "true", s.value(t, "SELECT bool_or(upsell_product_id_2 IS NOT NULL) FROM sticky_orders"), "columns that came on the third day")
	require.Equal(t, "text|date|numeric", s.value(t, `SELECT string_agg(data_type, '|' ORDER BY array_position(ARRAY['product_sku','date_of_sale','order_total'], column_name::text))
		FROM information_schema.columns WHERE table_name = 'sticky_orders' AND column_name IN ('product_sku','date_of_sale','order_total')`), "leading zeros stay text")
	before := s.rows(t, "sticky_orders")

	putDays(store, 5, 5, rows)
	load()
	require.Equal(t, "880", s.value(t, "SELECT count(*) FROM sticky_orders"))
	require.Subset(t, s.rows(t, "sticky_orders"), before, "old rows are as they were")
	after := s.rows(t, "sticky_orders")
	load()
	require.Equal(t, after, s.rows(t, "sticky_orders"), "nothing new, nothing changed")

	require.Equal(t, "0", s.value(t, "SELECT count(*) FROM _signalroom_rejects"))
	loads := s.run(t, "", "target-postgres", "loads", "--pipeline", "acme")
	require.Zero(t, loads.code, loads.stderr)
	require.Contains(t, loads.stdout, "sticky_orders")
}
