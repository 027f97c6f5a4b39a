package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
)

var meltanoLabsTarget = &environment{name: "meltanolabs-target-postgres", packages: []string{"meltanolabs-target-postgres==0.8.1"}}
var pipelineWiseTarget = &environment{name: "pipelinewise-target-postgres", packages: []string{"pipelinewise-target-postgres==2.1.2"}}

// A rival is somebody else's target-postgres.
type rival struct {
	from      *environment
	settings  func(dsn *url.URL) map[string]any
	versions  bool // it heeds ACTIVATE_VERSION
	tolerance tolerance
}

func rivals() []rival {
	connection := func(dsn *url.URL, database string) map[string]any {
		password, _ := dsn.User.Password()
		return map[string]any{"host": dsn.Hostname(), "port": json.Number(dsn.Port()), "user": dsn.User.Username(), "password": password,
			database: strings.TrimPrefix(dsn.Path, "/"), "default_target_schema": "public"}
	}
	return []rival{
		{meltanoLabsTarget, func(dsn *url.URL) map[string]any {
			settings := connection(dsn, "database")
			settings["hard_delete"] = true
			return settings
		}, true, exactly},
		{pipelineWiseTarget, func(dsn *url.URL) map[string]any { return connection(dsn, "dbname") },
			false, tolerance{breaks: strings.NewReplacer("\n", `\n`, "\r", `\r`)}},
	}
}

// A source is one of our taps. change changes its rows before each run, counted from 1.
type source struct {
	program  string
	tables   []string
	change   func(context.Context, int) error
	settings func(run int) map[string]any
}

func targetSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	var steps []step
	for _, r := range rivals() {
		for _, s := range []source{l.exports(), l.mautic(r.versions)} {
			steps = append(steps, step{name: fmt.Sprintf("%s into %s, three runs", s.program, r.from.name), run: func(ctx context.Context) error { return l.compareTargets(ctx, s, r) }})
		}
	}
	return steps, nil
}

func (l *lab) exports() source {
	return source{
		program: "tap-s3-exports", tables: exportTables,
		change: func(ctx context.Context, run int) error { return l.put(ctx, 2*run-1, 2*run, 100) },
		settings: func(int) map[string]any {
			return map[string]any{"presets": []string{"sticky_orders", "sticky_prospects"}, "timezone": "America/New_York"}
		},
	}
}

// mautic has a contact that changes. With versions, a contact, a mail and a member of a campaign are deleted too.
func (l *lab) mautic(versions bool) source {
	m := mautictest.New("5.1.1")
	address := m.Serve(&stage{lab: l}).Listen()
	s := source{program: "tap-mautic", tables: []string{"contacts", "campaigns", "email_stats", "form_submissions"}}
	if versions {
		s.tables = append(s.tables, "emails", "campaign_members")
	}
	s.change = func(_ context.Context, run int) error {
		m.Now = func() time.Time { return mautictest.Today.AddDate(0, 0, run-1) }
		contacts := m.Entities["contacts"]
		switch {
		case run == 2:
			values := mautictest.Row{"firstname": "Kim", "email": "kim@new.test", "vip": "0"}
			m.Entities["contacts"] = append(contacts[:0:0], mautictest.Contact(9, "2026-04-01T09:00:00+00:00", nil, values).
				With(mautictest.Row{"dateModified": m.Now().Add(-time.Hour).Format("2006-01-02T15:04:05+00:00")}))
			m.Entities["contacts"] = append(m.Entities["contacts"], contacts[1:]...)
			m.Tables["email_stats"] = append(m.Tables["email_stats"], mautictest.Stat(102, 8, 9, 10))
		case run == 3 && versions:
			m.Entities["contacts"] = contacts[:len(contacts)-1]
			m.Entities["emails"] = m.Entities["emails"][1:]
			m.Tables["campaign_leads"] = m.Tables["campaign_leads"][1:]
		}
		return nil
	}
	s.settings = func(run int) map[string]any {
		settings := map[string]any{"base_url": address, "oauth_client_id": mautictest.KeyID, "oauth_client_secret": mautictest.KeySecret, "select": s.tables}
		if run == 3 {
			settings["sweep_interval"] = "0s"
		}
		return settings
	}
	return s
}

// compareTargets loads what the tap prints into our target and the other one, run by run, and compares the tables.
func (l *lab) compareTargets(ctx context.Context, s source, r rival) error {
	name := strings.ReplaceAll(s.program+"_"+r.from.name, "-", "_")
	ours, err := l.database(ctx, "ours_"+name)
	if err != nil {
		return err
	}
	theirs, err := l.database(ctx, "theirs_"+name)
	if err != nil {
		return err
	}
	address, err := url.Parse(theirs)
	if err != nil {
		return err
	}
	config, err := l.json("rival.json", r.settings(address))
	if err != nil {
		return err
	}
	for run := 1; run <= 3; run++ {
		if err := s.change(ctx, run); err != nil {
			return err
		}
		messages, err := l.read(ctx, s, run, ours)
		if err != nil {
			return err
		}
		if _, err := l.command(ctx, l.environment("DATABASE_URL="+ours), messages, "target-postgres", "--hard-delete"); err != nil {
			return err
		}
		if _, err := l.command(ctx, l.environment(), messages, l.program(r.from, "target-postgres"), "--config", config); err != nil {
			return err
		}
		for _, name := range s.tables {
			if err := compareTables(ctx, table{ours, name}, table{theirs, name}, r.tolerance); err != nil {
				return fmt.Errorf("run %d: %w", run, err)
			}
		}
	}
	return nil
}

// read runs the tap from the state that our target committed, and returns the file of its messages.
func (l *lab) read(ctx context.Context, s source, run int, dsn string) (string, error) {
	config, err := l.json("tap.json", s.settings(run))
	if err != nil {
		return "", err
	}
	return l.messages(ctx, dsn, nil, s.program, "--config", config)
}
