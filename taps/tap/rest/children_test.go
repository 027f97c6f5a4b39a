package rest_test

import (
	"context"
	"io"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

// TestChildren keeps the order of the parents, reads a few at a time, and leaves nothing behind when it is left.
func TestChildren(t *testing.T) {
	t.Parallel()
	parents := []int{1, 2, 3, 4, 5, 6, 7}
	var now, most atomic.Int32
	read := func(ctx context.Context, parent int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			for i := range parent {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					yield(0, ctx.Err())
					return
				}
				if parent == 6 && i == 2 {
					yield(0, io.ErrUnexpectedEOF)
					return
				}
				if !yield(parent*10+i, nil) {
					return
				}
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var got []int
		var failed error
		for parent, values := range rest.Children(t.Context(), 3, parents, read) {
			for value, err := range values {
				if failed = err; err != nil {
					break
				}
				require.Equal(t, parent, value/10)
				got = append(got, value)
			}
			if failed != nil {
				break
			}
		}
		require.Equal(t, []int{10, 20, 21, 30, 31, 32, 40, 41, 42, 43, 50, 51, 52, 53, 54, 60, 61}, got)
		require.ErrorIs(t, failed, io.ErrUnexpectedEOF)
		require.EqualValues(t, 3, most.Load())
		require.Zero(t, now.Load())

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, values := range rest.Children(ctx, 2, parents, read) {
			cancel()
			for _, err := range values {
				failed = err
			}
			require.ErrorIs(t, failed, context.Canceled, "what was cancelled does not look whole")
		}
		for range rest.Children(t.Context(), 3, parents, read) {
			continue // values that nobody wants
		}
		require.Zero(t, now.Load())
	})
}
