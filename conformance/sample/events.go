package sample

import (
	"strconv"
	"time"
)

// EventColumns are the columns of a product event: eleven, one of them an object.
var EventColumns = []string{
	"uuid", "event", "distinct_id", "person_id", "session_id", "timestamp", "created_at", "elements_chain", "revenue", "sequence", "properties",
}

// EventSchema is the SCHEMA line of the stream; with a key it has uuid as key.
func EventSchema(stream string, key bool) []byte {
	keys := `[]`
	if key {
		keys = `["uuid"]`
	}
	return []byte(`{"type":"SCHEMA","stream":"` + stream + `","key_properties":` + keys + `,"schema":{"type":"object","properties":{` +
		`"uuid":{"type":"string"},"event":{"type":["string","null"]},"distinct_id":{"type":["string","null"]},` +
		`"person_id":{"type":["string","null"]},"session_id":{"type":["string","null"]},` +
		`"timestamp":{"type":["string","null"],"format":"date-time"},"created_at":{"type":["string","null"],"format":"date-time"},` +
		`"elements_chain":{"type":["string","null"]},"revenue":{"type":["number","null"]},"sequence":{"type":["integer","null"]},` +
		`"properties":{"type":["object","null"]}}}}` + "\n")
}

// AppendEventState appends a STATE line that covers events up to n.
func AppendEventState(dst []byte, stream string, n int) []byte {
	dst = append(append(dst, `{"type":"STATE","value":{"bookmarks":{"`...), stream...)
	return append(strconv.AppendInt(append(dst, `":{"sequence":`...), int64(n), 10), "}}}}\n"...)
}

// AppendEventRecord appends the RECORD line of event n, about 530 bytes.
func AppendEventRecord(dst []byte, stream string, n int) []byte {
	e := newEvent(n)
	dst = append(append(append(dst, `{"type":"RECORD","stream":"`...), stream...), `","record":{"uuid":"`...)
	dst = append(e.appendUUID(dst, 0), `","event":"`...)
	dst = append(append(dst, e.name()...), `","distinct_id":"user-`...)
	dst = append(strconv.AppendUint(dst, e.bits%250000, 10), `","person_id":"`...)
	dst = append(e.appendUUID(dst, 1), `","session_id":"`...)
	dst = append(e.appendUUID(dst, 2), `","timestamp":"`...)
	dst = append(e.appendTime(dst), `","created_at":"`...)
	dst = append(e.appendTime(dst), `","elements_chain":"`...)
	dst = append(append(dst, elements...), `","revenue":`...)
	dst = append(e.appendRevenue(dst), `,"sequence":`...)
	dst = append(strconv.AppendInt(dst, int64(n), 10), `,"properties":`...)
	return append(e.appendProperties(dst, `"`), "}}\n"...)
}

// AppendEventCSV appends event n as a CSV row of [EventColumns], with LF.
func AppendEventCSV(dst []byte, n int) []byte {
	e := newEvent(n)
	dst = append(append(append(e.appendUUID(dst, 0), ','), e.name()...), ",user-"...)
	dst = append(strconv.AppendUint(dst, e.bits%250000, 10), ',')
	dst = append(e.appendUUID(dst, 1), ',')
	dst = append(e.appendUUID(dst, 2), ',')
	dst = append(e.appendTime(dst), ',')
	dst = append(e.appendTime(dst), ',')
	dst = append(append(dst, elements...), ',')
	dst = append(e.appendRevenue(dst), ',')
	dst = append(strconv.AppendInt(dst, int64(n), 10), `,"`...)
	return append(e.appendProperties(dst, `""`), "\"\n"...)
}

const elements = "button.primary:nth-child(2);div.card;body"

// An event is the number's pseudo-random bits; every value is a function of them.
type event struct {
	n    int
	bits uint64
}

func newEvent(n int) event { return event{n, mix(uint64(n))} }

// mix is the finalizer of splitmix64: distinct numbers give distinct bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (e event) name() string {
	return [...]string{"$pageview", "$autocapture", "order completed", "$pageleave"}[e.bits>>60&3]
}

// appendUUID appends the event's own id (which 0), its person's or its session's.
func (e event) appendUUID(dst []byte, which int) []byte {
	high, low := e.bits, mix(e.bits)
	switch which {
	case 1:
		high, low = mix(e.bits%250000), mix(mix(e.bits%250000))
	case 2:
		high, low = mix(uint64(e.n/20)<<20), mix(uint64(e.n/20)<<20+1)
	}
	const hex = "0123456789abcdef"
	for i := range 32 {
		word := high
		if i >= 16 {
			word = low
		}
		if i == 8 || i == 12 || i == 16 || i == 20 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[word>>(60-4*(i%16))&15])
	}
	return dst
}

func (e event) appendTime(dst []byte) []byte {
	return start.Add(time.Duration(e.n)*37*time.Millisecond).AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

func (e event) appendRevenue(dst []byte) []byte {
	cents := e.bits >> 20 % 100000
	dst = append(strconv.AppendUint(dst, cents/100, 10), '.')
	return append(dst, byte('0'+cents/10%10), byte('0'+cents%10))
}

// appendProperties appends the object with the quotes that its surroundings ask for.
func (e event) appendProperties(dst []byte, quote string) []byte {
	text := func(name, value string) {
		dst = append(append(append(append(dst, quote...), name...), quote...), ':')
		dst = append(append(append(dst, quote...), value...), quote...)
	}
	dst = append(dst, '{')
	text("$browser", [...]string{"Chrome", "Safari", "Firefox", "Edge"}[e.bits>>8&3])
	dst = append(dst, ',')
	text("$current_url", "https://shop.example.com/p/"+[...]string{"serum", "pan", "trial", "water"}[e.bits>>10&3])
	dst = append(append(append(append(dst, ','), quote...), "$screen_width"...), quote...)
	dst = append(strconv.AppendUint(append(dst, ':'), 800+e.bits>>12%1200, 10), '}')
	return dst
}
