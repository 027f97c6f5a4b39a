package database

import (
	"context"
	"strconv"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// ForbidsTruncate says why TRUNCATE is not allowed, or not the same as a DELETE of all rows, on a table that no foreign key refers
// to; empty when it is.
func (c *Conn) ForbidsTruncate(ctx context.Context, t columns.Table) (because string, err error) {
	err = c.QueryRow(ctx, `SELECT CASE
			WHEN NOT has_table_privilege(c.oid, 'TRUNCATE') THEN 'the role lacks TRUNCATE on the table'
			WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgtype & 32 = 32) THEN 'a trigger fires on TRUNCATE'
			WHEN EXISTS (SELECT FROM pg_publication p JOIN pg_publication_tables m USING (pubname)
				WHERE NOT p.pubtruncate AND m.schemaname = $1 AND m.tablename = $2) THEN 'a publication does not pass TRUNCATE on'
			ELSE '' END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
		string(t.Schema), string(t.Name)).Scan(&because)
	return because, Fault(err)
}

// Truncate empties a table in the open transaction, and gives the number of rows that it had. From then on nobody else can read
// it until the transaction ends.
func (c *Conn) Truncate(ctx context.Context, t columns.Table) (rows int64, err error) {
	name := t.String()
	results, err := c.PgConn().Exec(ctx, "LOCK TABLE "+name+" IN ACCESS EXCLUSIVE MODE; SELECT count(*) FROM "+name+"; TRUNCATE "+name).ReadAll()
	if err != nil {
		return 0, Fault(err)
	}
	rows, err = strconv.ParseInt(string(results[1].Rows[0][0]), 10, 64)
	return rows, Fault(err)
}
