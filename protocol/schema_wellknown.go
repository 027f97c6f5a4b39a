package protocol

import "strings"

// wellKnown is what a reference to another document means: one of Airbyte's well-known types, as in
// WellKnownTypes.json#/definitions/Date, and anything otherwise. Sources that name them send numbers as text.
func wellKnown(ref string) *Schema {
	_, name, _ := strings.Cut(ref, "WellKnownTypes.json#/definitions/")
	switch name {
	case "String":
		return &Schema{Kinds: String}
	case "BinaryData":
		return &Schema{Kinds: String, ContentEncoding: "base64"}
	case "Date":
		return &Schema{Kinds: String, Format: "date"}
	case "TimestampWithTimezone":
		return &Schema{Kinds: String, Format: "date-time", AirbyteType: "timestamp_with_timezone"}
	case "TimestampWithoutTimezone":
		return &Schema{Kinds: String, Format: "date-time", AirbyteType: "timestamp_without_timezone"}
	case "TimeWithTimezone":
		return &Schema{Kinds: String, Format: "time", AirbyteType: "time_with_timezone"}
	case "TimeWithoutTimezone":
		return &Schema{Kinds: String, Format: "time", AirbyteType: "time_without_timezone"}
	case "Number":
		return &Schema{Kinds: String, AirbyteType: "number"}
	case "Integer":
		return &Schema{Kinds: String, AirbyteType: "integer"}
	case "Boolean":
		return &Schema{Kinds: Boolean}
	}
	return &Schema{}
}
