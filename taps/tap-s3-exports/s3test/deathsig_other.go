//go:build !linux

package s3test

import "syscall"

// dieWithParent has no counterpart here: Stop and the test's cleanup end the server.
func dieWithParent() *syscall.SysProcAttr { return nil }
