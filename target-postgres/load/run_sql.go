package load

import (
	"context"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// runSQL runs the statements of a setting in a transaction of their own. The server refuses them on the user's account, unless it is down.
func runSQL(ctx context.Context, conn *database.Conn, setting, sql string) error {
	if sql == "" {
		return nil
	}
	err := conn.Within(ctx, func() error { return database.Fault(conn.Exec(ctx, sql)) })
	if err == nil || protocol.KindOf(err) == protocol.Transient {
		return err
	}
	return protocol.ConfigFault("correct the statements", "%s: %w", setting, err)
}

// runAfter runs after_run_sql on a connection of its own.
func runAfter(ctx context.Context, o *Options) error {
	if o.AfterSQL == "" {
		return nil
	}
	conn, err := database.Connect(ctx, o.Connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the outcome is known by then
	return runSQL(ctx, conn, "after_run_sql", o.AfterSQL)
}
