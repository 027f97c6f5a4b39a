package main

// pair reads two digits at i; anything else is a number beyond 99.
func pair(v []byte, i int) int {
	tens, ones := v[i]-'0', v[i+1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int(tens)*10 + int(ones)
}

// digits reads decimal digits alone; -1 when there is anything else.
func digits(v []byte) int {
	n := 0
	for _, c := range v {
		if !isDigit(c) {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// fraction reads 1 to 9 digits after a decimal point as nanoseconds; -1 when there are more.
func fraction(v []byte) int {
	if len(v) == 0 || len(v) > 9 {
		return -1
	}
	n := digits(v)
	for range 9 - len(v) {
		n *= 10
	}
	return n
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
