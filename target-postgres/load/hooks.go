package load

import (
	"context"
	"fmt"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
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

// privileges are those that a stream's rows need of the role, on a table that others may own.
func (o *Options) privileges(s *protocol.Stream) []string {
	switch d := o.Disposition(s); {
	case s.Sync != nil && s.Sync.Refresh != protocol.NoRefresh, d == protocol.Merge && o.marks(s):
	case d == protocol.Append && len(s.KeyProperties) == 0:
		return []string{"INSERT"}
	case d == protocol.Append:
		return []string{"SELECT", "INSERT", database.Temporary}
	case d == protocol.Merge && !o.HardDelete:
		return []string{"SELECT", "INSERT", "UPDATE", database.Temporary}
	}
	return []string{"SELECT", "INSERT", "UPDATE", "DELETE", database.Temporary}
}

// grants are the statements that let the roles of the setting read a new table.
func (o *Options) grants(t columns.Table) []string {
	if len(o.Grants) == 0 {
		return nil
	}
	to := make([]string, len(o.Grants))
	for i, role := range o.Grants {
		to[i] = role.String()
	}
	list := strings.Join(to, ", ")
	return []string{fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s", t.Schema, list), fmt.Sprintf("GRANT SELECT ON %s TO %s", t, list)}
}
