// Package logs writes what a program tells people and schedulers, on standard error, one whole line at a time.
//
// A person gets short lines, "INFO 12 files found prefix=exports/", with colour on a terminal. Under Meltano, which
// names a logging configuration in SINGER_SDK_LOG_CONFIG, lines are the SDK's JSON objects. Metrics are lines too. For a command of Airbyte's
// protocol they are messages on standard output.
//
// No line holds a secret: every text that was given to [Output.Mask] is replaced by ***, in messages and in values.
package logs
