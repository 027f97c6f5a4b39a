//go:build !linux

package suite

import "os"

// shrink leaves a pipe as it is: other systems do not let us choose.
func shrink(*os.File) {}
