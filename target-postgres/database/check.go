package database

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A lack is a privilege that the role does not have, and the statement that mends it.
type lack struct{ what, mend string }

func grant(privileges []string, object string, to columns.Ident) lack {
	list := strings.Join(privileges, ", ")
	return lack{list + " on " + object, fmt.Sprintf("GRANT %s ON %s TO %s", list, object, to)}
}

// lacking is the Config fault for what is missing, nil for nothing.
func lacking(role columns.Ident, lacks []lack) error {
	if len(lacks) == 0 {
		return nil
	}
	var what, mend []string
	for _, l := range lacks {
		what = append(what, l.what)
		mend = append(mend, l.mend)
	}
	return protocol.ConfigFault("let an owner or a superuser run: "+strings.Join(mend, "; "), "the role %s lacks %s", role, strings.Join(what, ", "))
}

// Check tells before the first row what stands in the way of any run of the pipeline: a server that takes no writes, a privilege
// that the role lacks on database, schema or own tables, a role of the grants that is not there. The fault, a Config one, names all that is missing.
func (c *Conn) Check(ctx context.Context, p Pipeline, grants []columns.Ident) error {
	return c.Within(ctx, func() error {
		var role, database columns.Ident
		var standby, readOnly, there, makesSchemas, uses, creates bool
		var strangers []string
		err := c.QueryRow(ctx, `SELECT current_user, current_database(), pg_is_in_recovery(), current_setting('transaction_read_only')::bool,
				n.oid IS NOT NULL, has_database_privilege(current_database(), 'CREATE'),
				coalesce(has_schema_privilege(n.oid, 'USAGE'), false), coalesce(has_schema_privilege(n.oid, 'CREATE'), false),
				ARRAY(SELECT quote_ident(r) FROM unnest($2::text[]) r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r))
			FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1`, string(p.Schema), texts(grants)).
			Scan(&role, &database, &standby, &readOnly, &there, &makesSchemas, &uses, &creates, &strangers)
		schema := "SCHEMA " + p.Schema.String()
		switch {
		case err != nil:
			return Fault(err)
		case standby:
			return protocol.ConfigFault("connect to the primary; or name all servers in host, with target_session_attrs=read-write in dsn",
				"the server is a standby, which takes no writes")
		case readOnly:
			return protocol.ConfigFault("set default_transaction_read_only to off for the role or the database, or connect to a server that takes writes",
				"the server is read-only for the role %s", role)
		case len(strangers) > 0:
			return protocol.ConfigFault("create it, or take it out", "grants: there is no role %s", strings.Join(strangers, ", "))
		case !there && makesSchemas:
			return nil
		case !there:
			of := grant([]string{"CREATE"}, "DATABASE "+database.String(), role)
			of.mend = fmt.Sprintf("CREATE %s AUTHORIZATION %s; or %s", schema, role, of.mend)
			return lacking(role, []lack{of})
		case !uses:
			return lacking(role, []lack{grant([]string{"USAGE", "CREATE"}, schema, role)})
		}
		return c.checkOwnTables(ctx, p, role, creates)
	})
}

// checkOwnTables tells what the role lacks to make the own tables, if it has to, and to use those that are there.
func (c *Conn) checkOwnTables(ctx context.Context, p Pipeline, role columns.Ident, creates bool) error {
	missing, err := c.missingOwn(ctx, p.Schema)
	if err != nil {
		return err
	}
	var lacks []lack
	if len(missing) > 0 && !creates {
		lacks = append(lacks, grant([]string{"CREATE"}, "SCHEMA "+p.Schema.String(), role))
	}
	for _, own := range []struct {
		name       columns.Ident
		privileges []string
	}{
		{stateTable, []string{"SELECT", "INSERT", "UPDATE"}},
		{loadsTable, []string{"SELECT", "INSERT"}},
		{rejectsTable, []string{"INSERT"}},
		{schemasTable, []string{"SELECT", "INSERT"}},
	} {
		if slices.Contains(missing, own.name) {
			continue
		}
		more, err := c.lacks(ctx, role, columns.Table{Schema: p.Schema, Name: own.name}, own.privileges)
		if err != nil {
			return err
		}
		lacks = append(lacks, more...)
	}
	return lacking(role, lacks)
}

// Temporary is the privilege to make temporary tables, which is one on the database.
const Temporary = "TEMPORARY"

// CheckTable tells, in the open transaction, what the role lacks to load a table with these privileges, and to change it first by
// these statements. A table that is not there is the role's own once it has made it.
func (c *Conn) CheckTable(ctx context.Context, name columns.Table, changes []string, privileges ...string) error {
	var role, database columns.Ident
	var there, owns, creates, temporary bool
	err := c.QueryRow(ctx, `SELECT current_user, current_database(), c.oid IS NOT NULL, coalesce(pg_has_role(c.relowner, 'USAGE'), false),
			has_schema_privilege(n.oid, 'CREATE'), has_database_privilege(current_database(), 'TEMPORARY')
		FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2 WHERE n.nspname = $1`,
		string(name.Schema), string(name.Name)).Scan(&role, &database, &there, &owns, &creates, &temporary)
	if err != nil {
		return Fault(err)
	}
	var lacks []lack
	if i := slices.Index(privileges, Temporary); i >= 0 {
		privileges = slices.Delete(slices.Clone(privileges), i, i+1)
		if !temporary {
			lacks = append(lacks, grant([]string{Temporary}, "DATABASE "+database.String(), role))
		}
	}
	switch {
	case there:
		more, err := c.lacks(ctx, role, name, privileges)
		if err != nil {
			return err
		}
		lacks = append(lacks, more...)
		if len(changes) > 0 && !owns {
			lacks = append(lacks, lack{"the ownership of " + name.String(),
				fmt.Sprintf("ALTER TABLE %s OWNER TO %s, or as its owner: %s", name, role, strings.Join(changes, "; "))})
		}
	case !creates:
		lacks = append(lacks, grant([]string{"CREATE"}, "SCHEMA "+name.Schema.String(), role))
	}
	return lacking(role, lacks)
}

// lacks are those of the privileges that the role has neither on the table nor on columns of it.
func (c *Conn) lacks(ctx context.Context, role columns.Ident, name columns.Table, privileges []string) ([]lack, error) {
	var missing []string
	err := c.QueryRow(ctx, `SELECT ARRAY(SELECT p FROM unnest($2::text[]) p
		WHERE NOT has_table_privilege($1, p) AND NOT (p <> 'DELETE' AND has_any_column_privilege($1, p)))`, name.String(), privileges).Scan(&missing)
	if err != nil || len(missing) == 0 {
		return nil, Fault(err)
	}
	return []lack{grant(missing, name.String(), role)}, nil
}

func texts(list []columns.Ident) []string {
	out := make([]string, len(list))
	for i, name := range list {
		out[i] = string(name)
	}
	return out
}

// Try does what a load does, in the schema of the pipeline, and takes it back: it makes a table, writes a row, reads it, and drops the table.
func (c *Conn) Try(ctx context.Context, p Pipeline) error {
	if err := c.Exec(ctx, c.BeginSQL()); err != nil {
		return Fault(err)
	}
	t := columns.Table{Schema: p.Schema, Name: "_signalroom_check"}
	err := c.Exec(ctx, strings.Join([]string{
		"CREATE SCHEMA IF NOT EXISTS " + p.Schema.String(),
		"CREATE TABLE " + t.String() + " (n bigint PRIMARY KEY)",
		"INSERT INTO " + t.String() + " VALUES (1)",
		"CREATE TEMPORARY TABLE _signalroom_check ON COMMIT DROP AS SELECT n FROM " + t.String(),
		"DROP TABLE " + t.String(),
	}, "; "))
	if back := c.Exec(ctx, "ROLLBACK"); err == nil {
		err = back
	}
	return Fault(err)
}
