package values

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"unsafe"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// appendArray writes an array of one dimension. An element that its schema or type refuses refuses the array.
func (e *Encoder) appendArray(dst, raw []byte) ([]byte, Reason) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // dimensions, whether there are nulls
	dst = binary.BigEndian.AppendUint32(dst, elementOID(e.column.Of))
	head := len(dst)
	elements := uint32(0)
	for at := rawjson.SkipSpace(raw, 1); at < len(raw) && raw[at] != ']'; {
		end, err := rawjson.SkipValue(raw, at)
		if err != nil {
			return dst[:start], BadFormat
		}
		if elements == 0 {
			dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 1) // how many, counted from 1
		}
		before := len(dst)
		if dst, err = e.items.Append(dst, raw[at:end]); err != nil {
			return dst[:start], reasonOf(err)
		}
		if isNull(dst[before:]) {
			dst[head-5] = 1
		}
		elements++
		if at = rawjson.SkipSpace(raw, end); at < len(raw) && raw[at] == ',' {
			at = rawjson.SkipSpace(raw, at+1)
		}
	}
	if elements > 0 {
		dst[start+7] = 1
		binary.BigEndian.PutUint32(dst[head:], elements)
	}
	return setLength(dst, start), ""
}

func reasonOf(err error) Reason {
	var p *Problem
	if errors.As(err, &p) {
		return p.Reason
	}
	return BadFormat
}

// elementOID is the type's number, which arrays name.
func elementOID(k columns.Kind) uint32 {
	switch k {
	case columns.Boolean:
		return 16
	case columns.Smallint:
		return 21
	case columns.Integer:
		return 23
	case columns.Bigint:
		return 20
	case columns.Numeric:
		return 1700
	case columns.Real:
		return 700
	case columns.Double:
		return 701
	case columns.Text:
		return 25
	case columns.Varchar:
		return 1043
	case columns.Char:
		return 1042
	case columns.UUID:
		return 2950
	case columns.Date:
		return 1082
	case columns.Time:
		return 1083
	case columns.TimeTZ:
		return 1266
	case columns.Timestamptz:
		return 1184
	case columns.Timestamp:
		return 1114
	case columns.Interval:
		return 1186
	case columns.Bytea:
		return 17
	case columns.JSONB:
		return 3802
	case columns.JSON:
		return 114
	case columns.Inet:
		return 869
	}
	return 0
}

// appendInet reads an IP address, or a network with the length of its prefix: 10.0.0.1, fe80::/10.
func appendInet(dst, text []byte) ([]byte, Reason) {
	s := unsafe.String(unsafe.SliceData(text), len(text))
	var prefix netip.Prefix
	if strings.Contains(s, "/") {
		prefix, _ = netip.ParsePrefix(s)
	} else if address, err := netip.ParseAddr(s); err == nil && address.Zone() == "" {
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	if !prefix.IsValid() {
		return dst, BadFormat
	}
	const ipv4, ipv6 = 2, 3
	if address := prefix.Addr(); address.Is4() {
		bytes := address.As4()
		return append(append(dst, 0, 0, 0, 8, ipv4, byte(prefix.Bits()), 0, 4), bytes[:]...), ""
	}
	bytes := prefix.Addr().As16()
	return append(append(dst, 0, 0, 0, 20, ipv6, byte(prefix.Bits()), 0, 16), bytes[:]...), ""
}

func isNull(field []byte) bool { return field[0] == 0xff }
