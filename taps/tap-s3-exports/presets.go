package main

import (
	"path"
	"strings"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A preset is a stream that comes with this tap: how its files are recognised, and what is known of its columns. It renames columns
// to SQL names and helps the types along; it demands nothing of a header, as exports gain and lose columns from day to day.
type preset struct {
	word      string                // in the file's name
	signature []string              // columns, in SQL names, that all stand in a header of this type
	foreign   []string              // columns of which none does
	kinds     map[string]kinds.Kind // tried before the sample decides, and where a column is empty so far
}

// stickyDate is how Sticky.io writes days.
const stickyDate = "%m/%d/%Y"

var presets = map[string]*preset{
	"sticky_orders": {
		word:      "order",
		signature: []string{"order_id", "order_status"},
		kinds: kindsOf(map[kinds.Kind]string{
			kinds.Number: "sub_total taxable_total non_taxable_total sales_tax_percent sales_tax_factor order_total rebill_discount " +
				"decline_salvage_discount ship_price void_amount refund_amount product_price declared_value weight",
			kinds.Date: "date_of_sale shipped_date fraud_date chargeback_date rma_date void_date refund_date confirmation_date " +
				"recurring_date retry_date hold_date",
			kinds.Integer: "quantity billing_cycle retry_attempt retries_left total_installments",
		}),
	},
	"sticky_prospects": {
		word:      "prospect",
		signature: []string{"prospect_id"},
		foreign:   []string{"order_id", "order_status"},
		kinds:     kindsOf(map[kinds.Kind]string{kinds.Date: "date_created created_date date"}),
	},
}

func kindsOf(names map[kinds.Kind]string) map[string]kinds.Kind {
	all := map[string]kinds.Kind{}
	for k, list := range names {
		for name := range strings.FieldsSeq(list) {
			all[name] = k
		}
	}
	return all
}

// named tells whether a key's file name speaks for the preset.
func (p *preset) named(key string) bool {
	return strings.Contains(strings.ToLower(path.Base(key)), p.word)
}

// signed tells whether a header, in SQL names, is one of the preset's.
func (p *preset) signed(columns []string) bool {
	has := map[string]bool{}
	for _, name := range columns {
		has[name] = true
	}
	for _, name := range p.signature {
		if !has[name] {
			return false
		}
	}
	for _, name := range p.foreign {
		if has[name] {
			return false
		}
	}
	return true
}
