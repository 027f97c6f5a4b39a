package csv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fields, want string }{
		{"id|name", "id|name"},
		{"\ufeffid|\u00a0name \t", "id|name"},
		{" First Name |Price %", "First Name|Price %"},
		{"id||\u00a0|", "id|column_2|column_3|column_4"},
		{"a|a|a", "a|a_2|a_3"},
		{"Id|ID|id", "Id|ID_2|id_3"},
		{"a|a_2|a", "a|a_2|a_3"},
		{"a|a|a_2", "a|a_3|a_2"},
		{"a|a|A_2|a", "a|a_3|A_2|a_4"},
		{"column_2|", "column_2|column_2_2"},
		{"a|a|a_2|a_2", "a|a_3|a_2|a_2_2"},
		{"É|é", "É|é_2"},
	} {
		fields := strings.Split(c.fields, "|")
		require.Equal(t, strings.Split(c.want, "|"), Header(fields))
		require.Equal(t, c.fields, strings.Join(fields, "|"), "the fields stay as they are")
	}
	require.Empty(t, Header(nil))
}

func TestTrailingBlanks(t *testing.T) {
	t.Parallel()
	require.Equal(t, 0, TrailingBlanks([]string{"", "a"}))
	require.Equal(t, 2, TrailingBlanks([]string{"a", "\u00a0", ""}))
	require.Equal(t, 1, TrailingBlanks([]string{""}))
	require.Equal(t, 0, TrailingBlanks(nil))
}

func TestSnakeCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ names, want string }{
		{"Order Id|Product Sku #|Upsell Product Id #1", "order_id|product_sku|upsell_product_id_1"},
		{"Decline Salvage Discount|Decline Salvage Discount %", "decline_salvage_discount|decline_salvage_discount_pct"},
		{"Acquisition Date/Time|CNPJ / CPF ID|AFID|C1", "acquisition_date_time|cnpj_cpf_id|afid|c1"},
		{"orderId|OrderID|order_id", "order_id|order_id_2|order_id_3"},
		{"% Paid|100%Off|#|--", "pct_paid|100_pct_off|column_3|column_4"},
		{"Prénom|Ünlü Straße|日本", "prénom|ünlü_straße|日本"},
		{"a b|a-b|a_b_2", "a_b|a_b_3|a_b_2"},
		{"_x_", "x"},
	} {
		require.Equal(t, strings.Split(c.want, "|"), SnakeCase(strings.Split(c.names, "|")))
	}
}
