package load

import (
	"fmt"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// privileges are those that a stream's rows need of the role, on a table that others may own.
func (o *Options) privileges(s *protocol.Stream) []string {
	switch d := o.Disposition(s); {
	case s.Sync != nil && s.Sync.Refresh != protocol.NoRefresh, d == protocol.Merge && o.marksDeleted(s):
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
