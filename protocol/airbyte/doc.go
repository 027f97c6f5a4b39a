// Package airbyte is the Airbyte wire: the messages of its protocol, the configured catalog and the input state. It encodes and decodes,
// and decides nothing.
//
// What it promises: a message is one whole line of JSON without nulls, whoever writes beside it. What is read may hold explicit nulls and
// keys that nobody here knows, as the programs in use write both. A record's data is never empty.
// An error names the stream and the place, never a value.
//
// The protocol: https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
package airbyte
