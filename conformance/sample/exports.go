// Package sample makes the data that the demo, the end-to-end tests and the benchmarks load: the daily order and prospect exports of
// Sticky.io-like shops, and product events. The same arguments give the same bytes, always.
package sample

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// A File is one object of the bucket.
type File struct {
	Key  string
	Body []byte
}

// Exports are what two shops push for a day, counted from 1: orders and prospects of each, under the shop's name as prefix.
// Rows is the number of new orders a shop has that day; prospects are as many. An order comes again in later exports when its
// status has changed.
//
// Some files are as odd as real ones: acme's begin with a byte order mark and end lines in CRLF, globex's are gzip; from the third
// day on orders have a second group of upsell columns; the second day of globex is in Windows-1252; and on the fourth day one
// row of acme's orders has a quote where none may stand.
func Exports(day, rows int) []File {
	var files []File
	for _, client := range clients {
		orders, prospects := Orders(client, day, rows), prospects(client, day, rows)
		date := start.AddDate(0, 0, day-1)
		switch client {
		case "acme":
			orders, prospects = crlf(orders), crlf(prospects)
			files = append(files,
				File{fmt.Sprintf("acme/orders_%s.csv", date.Format(time.DateOnly)), orders},
				File{fmt.Sprintf("acme/prospects_%s.csv", date.Format(time.DateOnly)), prospects})
		case "globex":
			if day == 2 {
				orders, prospects = windows1252(orders), windows1252(prospects)
			}
			files = append(files,
				File{fmt.Sprintf("globex/%s/order-export.csv.gz", date.Format("20060102")), packed(orders)},
				File{fmt.Sprintf("globex/%s/prospect-export.csv.gz", date.Format("20060102")), packed(prospects)})
		}
	}
	return files
}

// clients are the two shops.
var clients = []string{"acme", "globex"}

// start is the first day.
var start = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// orderColumns are the headings of a full order export, without upsell groups.
var orderColumns = strings.Split("Order Id|Created By|Date of Sale|Time of Sale|Order Status|Campaign Id|Customer Number|Prospect Number|"+
	"Parent Order Id|Ancestor Order Id|Billing Cycle|Acquisition Date|Test|Blacklisted|Bill First|Bill Last|Bill Address1|Bill Address2|"+
	"Bill City|Bill State|Bill Zip|Bill Country|Bill Phone|Bill Email|Ship First|Ship Last|Ship Address1|Ship Address2|Ship City|"+
	"Ship State|Ship Zip|Ship Country|Ship Phone|Ship Email|Ship Method Name|Ship Price|Weight|Tracking Number|Shipped Date|Sub Total|"+
	"Taxable Total|Non Taxable Total|Sales Tax Percent|Sales Tax Factor|Order Total|Rebill Discount|Decline Salvage Discount|"+
	"Decline Salvage Discount %|Payment|Credit Card Number|Credit Card Expiration|Gateway Id|Gateway Alias|Gateway Descriptor|"+
	"Transaction Number|Auth Number|Is Cascaded|Decline Reason|IP Address|IP Address Lookup|Is Fraud|Fraud Date|Is Chargeback|"+
	"Chargeback Date|Is RMA|RMA Number|RMA Reason|RMA Date|Return|Is Void|Void Amount|Void Date|Is Refund|Refund Amount|Refund Date|"+
	"Is Cancel|Is Recurring|Recurring Date|Retry Date|Retry Attempt|Retries Left|Hold Date|Next Recurring Product Id|Offer Id|"+
	"Billing Model Id|AFID|SID|AFFID|C1|C2|C3|AID|OPT|Product Id|Product Name|Product Price|Product Sku #|Product Category|Description|"+
	"Quantity|Upsell Product Id #1|Upsell Product Name #1|Upsell Product Price #1", "|")

var secondUpsell = []string{"Upsell Product Id #2", "Upsell Product Name #2", "Upsell Product Price #2"}

var prospectColumns = strings.Split("Prospect Id|Campaign Id|First Name|Last Name|Address|City|State|Zip|Country|Phone|Email|IP Address|"+
	"AFID|SID|AFFID|C1|C2|C3|Date Created|Notes", "|")

// Orders is one day's order export of a shop as plain UTF-8 CSV.
func Orders(client string, day, rows int) []byte {
	columns := orderColumns
	if day >= 3 {
		columns = slices.Concat(columns, secondUpsell)
	}
	w := newWriter(columns)
	for n := range rows {
		w.row(newOrder(client, day, n).values(day))
		// One order in eight of the day before comes again, refunded.
		if day > 1 && n%8 == 0 {
			again := newOrder(client, day-1, n)
			again.refunded = true
			w.row(again.values(day))
		}
		if client == "acme" && day == 4 && n == rows/2 {
			w.buf.WriteString(`990001,"web" shop,11/05/2026` + "\n")
		}
	}
	return w.buf.Bytes()
}

// An order is what its row is made of; all of it follows from shop, day and number.
type order struct {
	id, customer, prospect int
	day                    time.Time
	person                 person
	product                product
	quantity               int
	upsells                int
	refunded               bool
	rng                    *rand.Rand
}

type product struct {
	id    int
	name  string
	price int // cents
}

var products = []product{
	{101, "Glow Serum, 30 ml", 4995},
	{102, `Copper Pan 9½"`, 7900},
	{103, "Keto Trial", 495},
	{104, "Sleep Gummies\n(60 count)", 2999},
	{105, "Вода / Water", 1250},
}

func newOrder(client string, day, n int) order {
	rng := rand.New(rand.NewPCG(uint64(day)<<32|uint64(n), uint64(len(client))))
	return order{
		id: 100000*day + n, customer: 5000 + rng.IntN(4000), prospect: 100000*day + n,
		day: start.AddDate(0, 0, day-1), person: people[rng.IntN(len(people))], product: products[rng.IntN(len(products))],
		quantity: 1 + rng.IntN(3), upsells: rng.IntN(3), rng: rng,
	}
}

// values maps headings to texts for the export of that day. A heading that is missing has an empty cell.
func (o order) values(exportDay int) map[string]string {
	total := o.product.price * o.quantity
	tax := total * 7 / 100
	v := map[string]string{
		"Order Id": fmt.Sprint(o.id), "Created By": "web", "Date of Sale": o.day.Format("01/02/2006"),
		"Time of Sale": o.day.Add(time.Duration(o.rng.IntN(86400)) * time.Second).Format("03:04:05 PM"),
		"Order Status": "NEW", "Campaign Id": fmt.Sprint(10 + o.rng.IntN(5)), "Customer Number": fmt.Sprint(o.customer),
		"Prospect Number": fmt.Sprint(o.prospect), "Ancestor Order Id": fmt.Sprint(o.id), "Billing Cycle": fmt.Sprint(o.rng.IntN(4)),
		"Test": "NO", "Blacklisted": "NO", "Ship Method Name": "Ground", "Ship Price": "6.95", "Weight": "0.4",
		"Tracking Number": fmt.Sprintf("%022d", 9400100000000000000+uint64(o.id)), "Sub Total": money(total), "Taxable Total": money(total),
		"Non Taxable Total": "0.00", "Sales Tax Percent": "7.0", "Sales Tax Factor": money(tax), "Order Total": money(total + tax + 695),
		"Rebill Discount": "0.00", "Decline Salvage Discount": "0.00", "Decline Salvage Discount %": "0", "Payment": "visa",
		"Credit Card Number": "400000******0002", "Credit Card Expiration": "0229", "Gateway Id": fmt.Sprint(1 + o.rng.IntN(4)),
		"Gateway Alias": "main", "Transaction Number": fmt.Sprintf("%018d", o.rng.Uint64N(1e18)), "Auth Number": fmt.Sprintf("%06d", o.rng.IntN(1e6)),
		"Is Cascaded": "NO", "IP Address": fmt.Sprintf("203.0.113.%d", o.rng.IntN(256)), "Is Fraud": "NO", "Is Chargeback": "NO", "Is RMA": "NO",
		"Return": "NO", "Is Void": "NO", "Is Refund": "NO", "Is Cancel": "NO", "Is Recurring": "YES",
		"Recurring Date": o.day.AddDate(0, 0, 30).Format("01/02/2006"), "Retry Attempt": "0", "Retries Left": "3",
		"Next Recurring Product Id": fmt.Sprint(o.product.id), "AFID": "fb", "SID": fmt.Sprintf("s-%04d", o.rng.IntN(10000)), "C1": "ad=7&set=new",
		"Product Id": fmt.Sprint(o.product.id), "Product Name": o.product.name, "Product Price": money(o.product.price),
		"Product Sku #": fmt.Sprintf("%06d", o.product.id), "Product Category": "Default", "Quantity": fmt.Sprint(o.quantity),
		"Description": `Ships in 2 days, "as is"`,
	}
	for _, part := range []string{"Bill", "Ship"} {
		v[part+" First"], v[part+" Last"], v[part+" Address1"] = o.person.first, o.person.last, o.person.street
		v[part+" City"], v[part+" State"], v[part+" Zip"], v[part+" Country"] = o.person.city, o.person.state, o.person.zip, "US"
		v[part+" Phone"], v[part+" Email"] = "555-0100", fmt.Sprintf("%d@example.com", o.customer)
	}
	for i := range o.upsells {
		if i == 1 && exportDay < 3 {
			break
		}
		up := products[(o.id+i)%len(products)]
		group := fmt.Sprintf(" #%d", i+1)
		v["Upsell Product Id"+group], v["Upsell Product Name"+group], v["Upsell Product Price"+group] = fmt.Sprint(up.id), up.name, money(up.price)
	}
	if o.refunded {
		v["Order Status"], v["Is Refund"] = "VOID/REFUNDED", "YES"
		v["Refund Amount"], v["Refund Date"] = money(total), start.AddDate(0, 0, exportDay-1).Format("01/02/2006")
	}
	return v
}

func prospects(client string, day, rows int) []byte {
	w := newWriter(prospectColumns)
	for n := range rows {
		o := newOrder(client, day, n)
		w.row(map[string]string{
			"Prospect Id": fmt.Sprint(o.prospect), "Campaign Id": fmt.Sprint(10 + o.rng.IntN(5)), "First Name": o.person.first,
			"Last Name": o.person.last, "Address": o.person.street, "City": o.person.city, "State": o.person.state, "Zip": o.person.zip,
			"Country": "US", "Phone": "555-0100", "Email": fmt.Sprintf("%d@example.com", o.customer),
			"IP Address": fmt.Sprintf("203.0.113.%d", o.rng.IntN(256)), "AFID": "fb", "Date Created": o.day.Format("01/02/2006"),
			"Notes": "called back,\nno answer",
		})
	}
	return w.buf.Bytes()
}

type person struct{ first, last, street, city, state, zip string }

// All names can be written in Windows-1252.
var people = []person{
	{"Ana", "Müller", "12 Elm St\nApt 4", "Boston", "MA", "02134"},
	{"José", "O'Brien", "7 \"Old\" Mill Rd", "Austin", "TX", "73301"},
	{"Mia", "Smith, Jr.", "400 Main St", "Provo", "UT", "84601"},
	{"Zoë", "Çelik", "1 Rue d’Été", "Newark", "NJ", "07102"},
}

func money(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// A writer makes CSV in the form that spreadsheet programs write: quotes where they are needed, LF.
type writer struct {
	columns []string
	buf     bytes.Buffer
}

func newWriter(columns []string) *writer {
	w := &writer{columns: columns}
	w.cells(columns)
	return w
}

func (w *writer) row(values map[string]string) {
	cells := make([]string, len(w.columns))
	for i, column := range w.columns {
		cells[i] = values[column]
	}
	w.cells(cells)
}

func (w *writer) cells(cells []string) {
	for i, cell := range cells {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if strings.ContainsAny(cell, "\",\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		w.buf.WriteString(cell)
	}
	w.buf.WriteByte('\n')
}

func crlf(text []byte) []byte {
	return append([]byte("\xef\xbb\xbf"), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))...)
}

func packed(text []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(text)
	z.Close()
	return buf.Bytes()
}

// windows1252 writes characters that the encoding lacks as question marks.
func windows1252(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			b = '?'
		}
		out = append(out, b)
	}
	return out
}
