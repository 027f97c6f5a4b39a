package suite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A database is where the program under test loads. Each check has a schema, which is dropped after it.
type database struct {
	conn   *pgx.Conn
	run    string // part of the schemas' names, so that two runs do not meet
	number int
	schema string // of the current check
}

// newSchema names a schema, which the program under test creates. drop drops it.
func (s *session) newSchema() (drop func() error, err error) {
	if s.DSN == "" {
		return nil, machineError{errors.New("there is no PostgreSQL to load into")}
	}
	if s.base == nil {
		conn, err := pgx.Connect(s.ctx, s.DSN)
		if err != nil {
			return nil, machineError{err}
		}
		s.base = &database{conn: conn, run: strings.ToLower(rand.Text()[:6])}
	}
	s.base.number++
	schema := fmt.Sprintf("conformance_%s_%d", s.base.run, s.base.number)
	s.base.schema = schema
	return func() error { return s.drop(schema) }, nil
}

// drop removes a schema and all in it. Sessions of a program that was killed may hold locks a moment longer: the server waits for them,
// and where they wait for us in turn, it ends one of the two.
func (s *session) drop(schema string) error {
	const deadlock = "40P01"
	for {
		_, err := s.base.conn.Exec(context.WithoutCancel(s.ctx), "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
		var refused *pgconn.PgError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &refused) || refused.Code != deadlock:
			return machineError{err}
		}
	}
}

// inSchemas gives each check an empty schema.
func inSchemas(l loader, checks []Check) []Check {
	for i := range checks {
		check := checks[i].run
		checks[i].run = func(s *session) error {
			if s.config == nil {
				s.config = l.config
			}
			return s.inSchema(check)
		}
	}
	return checks
}

func (s *session) inSchema(check func(*session) error) (err error) {
	drop, err := s.newSchema()
	if err != nil {
		return err
	}
	defer func() {
		if dropped := drop(); dropped != nil {
			err = dropped
		}
	}()
	return check(s)
}

// answers are the rows of queries as text. A failed query, such as one of a table that is not there, is no machineError.
func (s *session) answers(queries string) (string, error) {
	path := "SET search_path TO " + pgx.Identifier{s.base.schema}.Sanitize() + "; SET timezone TO 'UTC'; SET datestyle TO ISO"
	if _, err := s.base.conn.Exec(s.ctx, path); err != nil {
		return "", machineError{err}
	}
	var b strings.Builder
	for _, query := range strings.Split(strings.TrimSpace(queries), ";\n") {
		results, err := s.base.conn.PgConn().Exec(s.ctx, query).ReadAll()
		if err != nil {
			return "", err
		}
		for _, result := range results {
			for _, row := range result.Rows {
				for i, value := range row {
					if i > 0 {
						b.WriteString(" | ")
					}
					if value == nil {
						b.WriteString("∅")
					}
					b.Write(value)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String(), nil
}

// placeholders are the values for what a config file of a target may have in braces.
func (s *session) placeholders() (map[string]any, error) {
	config, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		return nil, machineError{err}
	}
	u := url.URL{Scheme: "postgresql", User: url.UserPassword(config.User, config.Password), Path: "/" + config.Database}
	if strings.HasPrefix(config.Host, "/") {
		u.RawQuery = url.Values{"host": {config.Host}, "port": {strconv.Itoa(int(config.Port))}}.Encode()
	} else {
		u.Host = fmt.Sprintf("%s:%d", config.Host, config.Port)
	}
	schema := ""
	if s.base != nil {
		schema = s.base.schema
	}
	return map[string]any{"dsn": u.String(), "host": config.Host, "port": int(config.Port), "user": config.User, "password": config.Password,
		"database": config.Database, "schema": schema}, nil
}

// fill replaces the placeholders of a config by values. A text that is one placeholder becomes the value, with its type; where there is no
// value, it is left out.
func fill(node any, values map[string]any) (filled any, there bool) {
	switch node := node.(type) {
	case map[string]any:
		another := map[string]any{}
		for name, value := range node {
			if inner, there := fill(value, values); there {
				another[name] = inner
			}
		}
		return another, true
	case []any:
		another := []any{}
		for _, value := range node {
			if inner, there := fill(value, values); there {
				another = append(another, inner)
			}
		}
		return another, true
	case string:
		if name, ok := strings.CutPrefix(node, "{{"); ok && strings.HasSuffix(name, "}}") && !strings.Contains(name, "{{") {
			value, there := values[strings.TrimSuffix(name, "}}")]
			return value, there
		}
		for name, value := range values {
			node = strings.ReplaceAll(node, "{{"+name+"}}", fmt.Sprint(value))
		}
		return node, true
	}
	return node, true
}

// filled is the config with its placeholders replaced by the connection and by settings. A setting without a placeholder is added under its
// own name.
func (s *session) filled(settings map[string]any) (map[string]any, error) {
	values, err := s.placeholders()
	if err != nil {
		return nil, err
	}
	maps.Copy(values, settings)
	filled, _ := fill(s.config, values)
	config := filled.(map[string]any)
	for name, value := range settings {
		if !holds(s.config, name) {
			config[name] = value
		}
	}
	return config, nil
}

// holds tells whether the config has a placeholder of that name.
func holds(node any, name string) bool {
	switch node := node.(type) {
	case map[string]any:
		for _, value := range node {
			if holds(value, name) {
				return true
			}
		}
	case []any:
		for _, value := range node {
			if holds(value, name) {
				return true
			}
		}
	case string:
		return strings.Contains(node, "{{"+name+"}}")
	}
	return false
}
