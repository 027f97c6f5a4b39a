package values

// A Policy is one row of the table of how values are treated that do not go into their column as they are.
type Policy struct {
	Value  string // what comes in
	Column string // the types of column that the row is for
	Result string // what is stored, or the reason why the record is rejected
}

//go:generate go test -run TestPoliciesPage -count 1 . -update

// Policies is that table, for the documentation.
func Policies() []Policy {
	return []Policy{
		{"null, or an absent member", "any", "null, whatever the schema says of null; a key column rejects it"},
		{"a JSON type that the schema does not declare", "any", "rejected: wrong_kind. A record never widens a column, and text is never guessed to be a number or a boolean"},

		{"a whole number written 1.0 or 1e3", "smallint, integer, bigint", "the whole number"},
		{"a number with a fraction", "smallint, integer, bigint; any column of a declared integer", "rejected: fraction"},
		{"a number beyond the type's bits", "smallint, integer, bigint", "rejected: out_of_range"},
		{"any number of digits", "numeric", "every digit as sent, trailing zeros included"},
		{"more than 131072 digits before the point or 16383 after it", "numeric", "rejected: out_of_range"},
		{"more fractional digits than the scale", "numeric(p,s)", "rounded by PostgreSQL"},
		{"a number", "real, double precision", "the nearest float; rejected as out_of_range where there is none, and where a declared integer would change"},
		{"NaN, Infinity, -Infinity", "numeric, real, double precision", "stored as such (infinity in numeric needs PostgreSQL 14)"},
		{"NaN, Infinity, -Infinity", "smallint, integer, bigint; any column of a declared integer", "rejected: not_finite"},
		{"NaN, Infinity, -Infinity", "jsonb, json", "the string of that name, counted; to_jsonb does the same"},
		{"a string", "numeric, when the schema's format is singer.decimal", "the number; NaN, Infinity and Inf in any case too"},
		{"a string", "any number, otherwise", "rejected: wrong_kind"},

		{"a number", "text, varchar, char", "the number as it was written"},
		{"true, false", "text, varchar, char", "true, false"},
		{"an object or array", "text, varchar, char", "its JSON without space between tokens"},
		{"an empty string", "text, varchar, char", "an empty string, not null"},
		{"more characters than n", "varchar(n), char(n)", "rejected: too_long"},
		{"U+0000", "text, varchar, char, jsonb, json", "U+FFFD, counted; inside objects and in member names too"},
		{"half of a surrogate pair", "text, varchar, char, jsonb, json", "U+FFFD, counted"},
		{"bytes that are not UTF-8", "text, varchar, char, jsonb, json", "U+FFFD for each, counted"},
		{"a member that comes twice", "jsonb", "the last one counts"},
		{"a number in an object", "jsonb", "every digit as sent; one beyond the limits of numeric is rejected by the server"},

		{"a date and time with an offset: Z, UTC, +hh, +hhmm, +hh:mm, +hh:mm:ss, a space before it or not", "timestamptz, timestamp", "that instant in UTC"},
		{"a date and time without offset", "timestamptz, timestamp", "taken as UTC"},
		{"a date alone", "timestamptz, timestamp", "midnight UTC"},
		{"T, t or a space between date and time; seconds left out; a point or comma before the fraction", "timestamptz, timestamp", "accepted"},
		{"digits beyond microseconds", "timestamptz, timestamp, time, interval", "rounded to the nearest microsecond, half up"},
		{"second 60", "timestamptz, timestamp, time", "the first second of the next minute"},
		{"24:00:00", "timestamptz, timestamp", "midnight of the next day"},
		{"24:00:00", "time", "24:00:00"},
		{"year 0000 and years below", "timestamptz, timestamp, date", "as in ISO 8601: 0000 is 1 BC, -0001 is 2 BC; 0044-03-15 BC is read too"},
		{"years above 9999, with or without a plus", "timestamptz, timestamp, date", "as they are, to 294276 for timestamps and 5874897 for dates"},
		{"an instant before 4714-11-24 BC or beyond those years", "timestamptz, timestamp, date", "rejected: out_of_range"},
		{"infinity, -infinity", "timestamptz, timestamp, date", "stored as such"},
		{"a day that the calendar does not have, such as 0000-00-00", "timestamptz, timestamp, date", "rejected: bad_format"},
		{"a date and time at midnight", "date", "the date as written"},
		{"a date and time not at midnight", "date", "rejected: fraction"},
		{"a time with an offset", "time", "that time in UTC"},
		{"an ISO 8601 duration, or [N days,] HH:MM:SS", "interval", "years and months as months, weeks and days as days, the rest as time"},
		{"half a day, half an hour", "interval", "as time; a fraction of a month is rejected: fraction"},

		{"32 hexadecimal digits, upper or lower case, hyphens, braces", "uuid", "the UUID"},
		{"base64 of either alphabet, padded or not", "bytea, when the schema's contentEncoding is base64", "the bytes"},
		{"hexadecimal digits", "bytea, when the schema's contentEncoding is base16", "the bytes"},
		{`\x and hexadecimal digits`, "bytea, otherwise", "the bytes"},
		{"an IPv4 or IPv6 address, or a network with the length of its prefix", "inet", "as sent; one with a zone is rejected: bad_format"},
		{"an array of values that its column's element type takes", "any array", "an array of one dimension, in order; null is a null element"},
		{"an array with an element that its schema or type refuses", "any array", "rejected, with the element's reason"},
		{"an array in an array", "any array but that of jsonb", "rejected: wrong_kind; a schema with such items gets a jsonb column"},
		{"anything else", "timestamptz, timestamp, date, time, interval, uuid, inet, bytea, numeric", "rejected: bad_format"},
	}
}
