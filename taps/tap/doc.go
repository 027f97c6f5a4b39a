// Package tap is all that a tap may import beside protocol.
//
// A tap declares a [Tap]: its settings, a cheap check, and its streams. The package does the rest once for all taps:
// flags, environment and files, discovery and the catalog, selection, client tagging, column rules, bookmarks and
// STATE lines, signals, logs, metrics and exit codes.
package tap
