// Package s3test runs a real S3 server, versitygw over a folder, for tests and the demo, and a proxy that puts faults between it and a client.
//
// The server listens on a free port of the loopback interface and dies with the process that started it. Its binary is build/bin/versitygw below
// the module's root; where it is missing or of another version, the version named in versitygw.version is installed there first.
package s3test
