package values

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// Days follow each other without a gap from the first that PostgreSQL knows, and meet 2000-01-01 at 0.
func TestCalendarDay(t *testing.T) {
	t.Parallel()
	next := int64(minDays)
	for year := int64(-4713); year <= 10_000; year++ {
		for month := 1; month <= 12; month++ {
			for day := 1; day <= 31; day++ {
				if year == -4713 && (month < 11 || month == 11 && day < 24) {
					continue
				}
				days, ok := calendarDay(year, month, day)
				if !ok {
					if day <= 28 {
						t.Fatalf("%d-%d-%d is no day", year, month, day)
					}
					continue
				}
				if days != next {
					t.Fatalf("%d-%d-%d is day %d, not %d", year, month, day, days, next)
				}
				next++
			}
		}
	}
	days, ok := calendarDay(2000, 1, 1)
	require.True(t, ok)
	require.Zero(t, days)
}

// The quick way and the thorough one agree wherever the quick one answers.
func TestCommonInstants(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	answered := 0
	for range 20_000 {
		text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", random.IntN(10_000), random.IntN(14), random.IntN(33), random.IntN(25), random.IntN(61), random.IntN(61))
		if digits := random.IntN(8); digits > 0 {
			text += fmt.Sprintf(".%0*d", digits, random.IntN(1_000_000))
		}
		text += []string{"Z", "+00:00", "+01:00", ""}[random.IntN(4)]
		quick, ok := parseCommonInstant([]byte(text))
		if !ok {
			continue
		}
		answered++
		m, ok := parseMoment([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, m.days*microsPerDay+m.clock-m.offset, quick, text)
	}
	require.Greater(t, answered, 5_000)
}

// Numbers of all lengths, however they are written, come out of their binary form as the same number with the same scale.
func TestNumericIsExact(t *testing.T) {
	t.Parallel()
	e, err := New(nil, columns.Type{Kind: columns.Numeric})
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(3, 4))
	digits := func(n int) (s string) {
		for range n {
			s += string(rune('0' + random.IntN(10)*random.IntN(2)))
		}
		return s
	}
	types := pgtype.NewMap()
	for range 20_000 {
		literal := []string{"", "-"}[random.IntN(2)] + "1"[:random.IntN(2)] + digits(1+random.IntN(30))
		if random.IntN(2) == 0 {
			literal += "." + digits(1+random.IntN(30))
		}
		if random.IntN(3) == 0 {
			literal += fmt.Sprintf("e%d", random.IntN(120)-60)
		}
		field, err := e.Append(nil, []byte(`"`+literal+`"`))
		require.NoError(t, err, literal)
		var got pgtype.Numeric
		require.NoError(t, types.Scan(pgtype.NumericOID, pgtype.BinaryFormatCode, field[4:], &got))

		want, ok := new(big.Rat).SetString(literal)
		require.True(t, ok, literal)
		value := new(big.Rat).SetInt(got.Int)
		power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(got.Exp, -got.Exp))), nil))
		if got.Exp < 0 {
			power.Inv(power)
		}
		require.Zero(t, want.Cmp(value.Mul(value, power)), literal)
		last := field[len(field)-2:]
		require.False(t, len(field) > 12 && last[0] == 0 && last[1] == 0, "%s ends in a group of zeros", literal)
	}
}
