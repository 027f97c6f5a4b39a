package rest

import (
	"context"
	"iter"

	"github.com/signalroom/signalroom/taps/tap"
)

// Children reads what belongs to each of some parents, a few parents side by side, and gives it in the order of the parents. Of
// a parent that is not its turn yet no more is read than a walk reads ahead. A parent's sequence is used before the next parent is
// asked for; what is left of it is not read. Its values are valid until the next one, as read says of them.
//
//	for form, submissions := range rest.Children(ctx, 4, forms, func(ctx context.Context, form int64) iter.Seq2[[]byte, error] {
//		return api.Rows(ctx, submissionsOf(form))
//	}) {
//		for row, err := range submissions { … }
//	}
func Children[P, V any](ctx context.Context, parallel int, parents []P, read func(ctx context.Context, parent P) iter.Seq2[V, error]) iter.Seq2[P, iter.Seq2[V, error]] {
	return func(yield func(P, iter.Seq2[V, error]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		branches := make([]*branch[V], 0, len(parents))
		ended := 0
		defer func() {
			cancel()
			for _, b := range branches[ended:] {
				<-b.ended
			}
		}()
		for i, parent := range parents {
			for len(branches) < min(i+max(1, parallel), len(parents)) {
				branches = append(branches, startBranch(ctx, parents[len(branches)], read))
			}
			b := branches[i]
			more := yield(parent, b.all)
			b.cancel()
			<-b.ended
			branches[i] = nil
			if ended = i + 1; !more {
				return
			}
		}
	}
}

// A branch reads the values of one parent on a goroutine of its own, and waits with each until it has been used.
type branch[V any] struct {
	ctx    context.Context
	cancel context.CancelFunc
	values chan found[V]
	used   chan struct{}
	ended  chan struct{}
}

type found[V any] struct {
	value V
	err   error
}

func startBranch[P, V any](ctx context.Context, parent P, read func(ctx context.Context, parent P) iter.Seq2[V, error]) *branch[V] {
	b := &branch[V]{values: make(chan found[V]), used: make(chan struct{}), ended: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(tap.Aside(ctx))
	go func() {
		defer close(b.ended)
		defer close(b.values)
		for value, err := range read(b.ctx, parent) {
			select {
			case b.values <- found[V]{value, err}:
			case <-b.ctx.Done():
				return
			}
			select {
			case <-b.used:
			case <-b.ctx.Done():
				return
			}
		}
	}()
	return b
}

// all gives the values. A branch that was cancelled ends with that, so that it does not look whole.
func (b *branch[V]) all(yield func(V, error) bool) {
	for f := range b.values {
		if !yield(f.value, f.err) {
			return
		}
		select {
		case b.used <- struct{}{}:
		case <-b.ctx.Done():
		}
	}
	if b.ctx.Err() != nil {
		var none V
		yield(none, context.Cause(b.ctx))
	}
}
