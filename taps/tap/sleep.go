package tap

import (
	"context"
	"time"
)

// Sleep waits, or tells why it need not: its error is the cause of ctx. Without a wait it tells at once whether ctx is over.
func Sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
