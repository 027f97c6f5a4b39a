package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The example catalog and the documentation page are written by these tests with -update, which make generate gives, and held
// against the program without.

// TestExampleCatalog discovers sample exports, selects as a user would, and checks that a run follows the result.
func TestExampleCatalog(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"presets": []string{"sticky_orders", "sticky_prospects"}})
	b.put("orders_2026-11-01.csv", "Order Id,Order Status,Date of Sale,Order Total,Bill Email,IP Address,AFID\n"+
		"1001,NEW,11/01/2026,49.95,ada@example.com,192.0.2.1,a17\n")
	b.put("prospects_2026-11-01.csv", "Prospect Id,Email,Date Created\n77,grace@example.com,11/01/2026\n")
	out := taptest.Run(t, program, b.input(nil, "--discover"))
	require.Equal(t, 0, out.Code, out.Stderr)
	var catalog struct {
		Streams []map[string]any `json:"streams"`
	}
	require.NoError(t, json.Unmarshal(out.Stdout, &catalog))
	wishes := map[string]map[string]bool{ // field, empty for the stream, to selected
		"sticky_orders":    {"": true, "_line_number": true, "bill_email": false, "ip_address": false},
		"sticky_prospects": {"": false},
	}
	for _, stream := range catalog.Streams {
		for _, entry := range stream["metadata"].([]any) {
			entry := entry.(map[string]any)
			field := ""
			if breadcrumb := entry["breadcrumb"].([]any); len(breadcrumb) == 2 {
				field = breadcrumb[1].(string)
			}
			if selected, wished := wishes[stream["stream"].(string)][field]; wished {
				entry["metadata"].(map[string]any)["selected"] = selected
			}
		}
	}
	text, err := json.MarshalIndent(catalog, "", "  ")
	require.NoError(t, err)
	taptest.Golden(t, append(text, '\n'), "../../../catalog.example.json")

	in := b.input(nil)
	in.Catalog = text
	require.Equal(t, []string{
		`{"_file_name":"orders_2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"_line_number":2,"order_id":1001,"order_status":"NEW","date_of_sale":"2026-11-01","order_total":49.95,"afid":"a17"}`,
	}, rows(taptest.Sync(t, program, in), "sticky_orders"))
	require.Empty(t, rows(taptest.Sync(t, program, in), "sticky_prospects"))
}

func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	taptest.Page(t, program)
}
