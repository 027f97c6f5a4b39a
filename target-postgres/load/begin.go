package load

import (
	"context"
	"time"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// A beginning is what happens before the first row.
type beginning struct {
	*workers
	reached bool // a server has answered, if only that it is starting
	ran     bool // before_run_sql did
	maybe   bool // it may have run, and never runs twice
}

// lingering is how long a connection of a program that has ended may count as one that the role has.
const lingering = 2 * time.Second

// begin hires the first worker, when this is the only run of its pipeline and the server is ready for it. A connection that is lost
// meanwhile is made again; a server that never answered is not waited for.
func (ws *workers) begin(ctx context.Context) error {
	b := &beginning{workers: ws}
	started := time.Now()
	for try := 0; ; try++ {
		conn, err := b.connect(ctx)
		if err == nil {
			ws.add(ctx, conn)
			return nil
		}
		var longest time.Duration
		switch {
		case b.maybe:
		case database.Is(err, database.TooManyConnections):
			longest = lingering
		case database.Lost(err) && b.reached:
			longest = longestRetry
			if try == 0 {
				ws.o.Log.Warn("the run begins again", "because", err.Error())
			}
		}
		if time.Since(started) >= longest {
			return err
		}
		if pause(ctx, try) != nil {
			return err
		}
	}
}

// connect gives a connection to a server that is ready.
func (b *beginning) connect(ctx context.Context) (*database.Conn, error) {
	conn, err := database.Connect(ctx, b.o.Connection)
	b.reached = b.reached || err == nil || database.Is(err, database.StartingUp)
	if err != nil {
		return nil, err
	}
	if err := b.ready(ctx, conn); err != nil {
		conn.Close(context.WithoutCancel(ctx)) // the error that counts is err
		if b.lock != nil {
			b.lock.Close(context.WithoutCancel(ctx))
			b.lock = nil
		}
		return nil, err
	}
	return conn, nil
}

// ready takes the run's lock, sees to what the run needs, and makes the own tables.
func (b *beginning) ready(ctx context.Context, conn *database.Conn) (err error) {
	if b.lock, err = database.LockRun(ctx, b.o.Connection, b.o.Pipeline); err != nil {
		return err
	}
	if err := conn.Check(ctx, b.o.Pipeline, b.o.Grants); err != nil {
		return err
	}
	if !b.ran {
		if err := runSQL(ctx, conn, "before_run_sql", b.o.BeforeSQL); err != nil {
			b.maybe = b.o.BeforeSQL != ""
			return err
		}
		b.ran = true
	}
	if err := conn.MakeOwnTables(ctx, b.o.Pipeline); err != nil {
		return err
	}
	if err := conn.MakeSchemas(ctx, b.o.Schemas); err != nil {
		return err
	}
	b.mark, err = conn.Mark(ctx, b.o.Pipeline, "")
	return err
}
