package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// patience is how often a worker that waits looks whether it stands in the way of an interval ahead.
const patience = 250 * time.Millisecond

// errInTheWay means that another transaction waits for a row that this interval wrote, while this one waits for its turn. The
// server cannot see that it waits, so it cannot see when each of two waits for the other.
var errInTheWay = errors.New("another transaction waits for a row of this interval")

// awaitTurn waits until all intervals ahead are committed.
func (w *worker) awaitTurn(ctx context.Context) error {
	if w.iv.turn {
		return nil
	}
	if err := w.await(ctx, w.iv.before); err != nil {
		return err
	}
	w.iv.turn = true
	return nil
}

// await waits for the end of an interval ahead.
func (w *worker) await(ctx context.Context, done <-chan struct{}) error {
	if err := w.endCopy(ctx); err != nil {
		return err
	}
	for {
		w.wake.Reset(patience)
		select {
		case <-done:
			if w.lost(w.iv) {
				return errFailed
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake.C:
			if err := w.makeWay(ctx); err != nil {
				return err
			}
		}
	}
}

// makeWay is errInTheWay when this interval has to begin again so that another transaction can go on: an interval ahead, or one
// of another run, behind which an interval ahead may wait. Those behind this one may wait.
func (w *worker) makeWay(ctx context.Context) error {
	tx := w.transactions[repeating(false)]
	if tx == nil {
		tx = w.transactions[repeating(true)]
	}
	if !w.keys || w.iv.turn || tx == nil {
		return nil
	}
	blocks, err := tx.conn.Blocks(ctx, w.behind(w.iv))
	if err != nil || !blocks {
		return err
	}
	if w.iv.fixed {
		return protocol.TransientFault("run it again", "intervals that hold the same keys wait for each other")
	}
	return errInTheWay
}

// How long, and how often at first, an interval is tried again.
const (
	longestRetry  = time.Minute
	shortestPause = 50 * time.Millisecond
	longestPause  = 5 * time.Second
)

// again does the interval anew after an error that may not come back: a deadlock, a lock that another session held too long, a
// connection that is lost. It needs all of the interval's rows in memory.
func (w *worker) again(ctx context.Context, err error) error {
	until := time.Now().Add(longestRetry)
	for try := 0; ; try++ {
		inTheWay := errors.Is(err, errInTheWay)
		switch {
		case w.iv.fixed || !inTheWay && !database.Retryable(err) || w.lost(w.iv) || ctx.Err() != nil:
			return err
		case !inTheWay && try > 0 && time.Now().After(until):
			return err
		}
		w.iv.held = w.iv.held || inTheWay
		w.rollback(ctx)
		w.workers.refused.Add(-w.refused)
		w.blank()
		if !inTheWay {
			if try == 0 {
				w.o.Log.Warn("an interval is loaded again", "because", err.Error())
			}
			w.o.Progress.retried()
			if pauseErr := pause(ctx, try); pauseErr != nil {
				return err
			}
			if lockErr := w.keepLock(ctx); lockErr != nil {
				err = lockErr
				continue
			}
		}
		if err = w.redo(ctx); err == nil {
			return nil
		}
	}
}

// redo does what the interval did so far, but for preparations that were committed on their own. Those that were not change the
// table again; the rows that follow make sure that it has the form that they are encoded for.
func (w *worker) redo(ctx context.Context) error {
	for i := range w.iv.log {
		o := &w.iv.log[i]
		if o.prepare != nil && o.prepare.answered && !o.prepare.inside {
			continue
		}
		if err := w.do(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// pause waits before another try, longer each time, and not the same for all who wait.
func pause(ctx context.Context, try int) error {
	d := min(shortestPause<<min(try, 10), longestPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d/2 + rand.N(d/2)):
		return nil
	}
}

// keepLock makes sure that the run holds its pipeline's lock after a connection was lost. If it was free for a while, then what is
// committed must still be what this run left: no other run has loaded anything, and the server has not lost what it said was committed.
func (w *worker) keepLock(ctx context.Context) error {
	w.locking.Lock()
	defer w.locking.Unlock()
	if w.lock.Alive(ctx) {
		return nil
	}
	w.lock.Close(ctx)
	lock, err := database.LockRun(ctx, w.o.Connection, w.o.Pipeline, w.processes()...)
	if err != nil {
		return err
	}
	if err := w.unbroken(ctx); err != nil {
		lock.Close(ctx)
		return err
	}
	w.lock = lock
	return nil
}

// unbroken makes sure that what the run has committed is there, and nothing of another run.
func (w *worker) unbroken(ctx context.Context) error {
	conn, err := w.connection(ctx)
	if err != nil {
		return err
	}
	found, err := conn.Mark(ctx, w.o.Pipeline, w.run)
	if err != nil {
		return err
	}
	same := false
	w.marks(func() { same = found == w.mark || found == w.coming })
	if !same {
		return w.broken()
	}
	return nil
}

func (ws *workers) broken() error {
	return protocol.TransientFault("run it again from the state in the database",
		"while the connection was lost, what pipeline %q had committed became another: another run loaded, or the server fell back to older data", ws.o.Pipeline.Name)
}

// marks guards mark and coming.
func (ws *workers) marks(do func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	do()
}

// outcome finds out whether a transaction was committed whose connection was lost during its COMMIT. Its number alone does not
// tell: on a server that fell back to older data, it may be that of another transaction by now.
func (w *worker) outcome(ctx context.Context, transaction int64, lost error) error {
	until := time.Now().Add(longestRetry)
	for try := 0; ; try++ {
		if err := pause(ctx, try); err != nil {
			return lost
		}
		status, found, err := w.found(ctx, transaction)
		switch {
		case err == nil && status == database.Committed && found == w.coming:
			return nil
		case err == nil && status == database.Committed:
			w.iv.fixed = true
			return w.broken()
		case err == nil && status == database.Aborted:
			return lost
		}
		if time.Now().After(until) {
			w.iv.fixed = true // it may be committed after all
			return fmt.Errorf("whether the last interval is committed is not known: %w", lost)
		}
	}
}

// found is what a new connection sees of a transaction, and of what the run has committed.
func (w *worker) found(ctx context.Context, transaction int64) (status database.TransactionStatus, m database.Mark, err error) {
	conn, err := database.Connect(ctx, w.o.Connection)
	if err != nil {
		return "", m, err
	}
	defer conn.Close(ctx) // it has said all
	if status, err = conn.Status(ctx, transaction); err == nil {
		m, err = conn.Mark(ctx, w.o.Pipeline, w.run)
	}
	return status, m, err
}
