package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A subject is a program that the conformance suite tests.
type subject struct {
	kind, program string
	from          *environment // nil: ours
	// prepare makes the files of settings and of a catalog; without a file of a catalog the program discovers its own.
	prepare func(context.Context) (config, catalog string, err error)
}

const ourMark = "Signalroom's "

// name is that in docs/conformance.md: the package with its version, or our program.
func (s subject) name() string {
	if s.from == nil {
		return ourMark + s.program
	}
	return strings.Replace(s.from.packages[0], "==", " ", 1)
}

func conformanceSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	place := map[string]any{"host": "{{host}}", "port": "{{port}}", "user": "{{user}}", "password": "{{password}}", "default_target_schema": "{{schema}}"}
	target := func(own map[string]any) func(context.Context) (string, string, error) {
		return func(context.Context) (string, string, error) {
			settings := maps.Clone(place)
			maps.Copy(settings, own)
			config, err := l.json("config.json", settings)
			return config, "", err
		}
	}
	tap := func(open func(context.Context) (foreign, error)) func(context.Context) (string, string, error) {
		return func(ctx context.Context) (string, string, error) {
			f, err := open(ctx)
			if err != nil {
				return "", "", err
			}
			if err := f.change(ctx, 1); err != nil {
				return "", "", err
			}
			config, err := l.json("config.json", f.settings)
			if err != nil {
				return "", "", err
			}
			catalog, err := l.selected(ctx, f, config)
			return config, catalog, err
		}
	}
	subjects := []subject{
		{"target", "target-postgres", nil, target(map[string]any{"database": "{{database}}"})},
		{"target", "target-postgres", meltanoLabsTarget, target(map[string]any{"database": "{{database}}"})},
		{"target", "target-postgres", pipelineWiseTarget, target(map[string]any{"dbname": "{{database}}", "primary_key_required": false,
			"add_metadata_columns": "{{add_record_metadata}}", "batch_size_rows": "{{batch_size_rows}}"})},
		{"tap", "tap-s3-exports", nil, func(ctx context.Context) (string, string, error) {
			s := l.exports()
			if err := s.change(ctx, 1); err != nil {
				return "", "", err
			}
			config, err := l.json("config.json", s.settings(1))
			return config, "", err
		}},
		{"tap", "tap-postgres", meltanoLabsTap, tap(l.tapPostgres)},
		{"tap", "tap-s3-csv", pipelineWiseTap, tap(l.tapS3CSV)},
	}
	var steps []step
	for _, s := range subjects {
		steps = append(steps, step{name: s.name(), run: func(ctx context.Context) error { return l.conform(ctx, s) }})
	}
	return steps, nil
}

// conform tests a program, and writes its row of the table in docs/conformance.md. Only our own programs must pass.
func (l *lab) conform(ctx context.Context, s subject) error {
	config, catalog, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	command := filepath.Join(l.bin, s.program)
	if s.from != nil {
		command = l.program(s.from, s.program)
	}
	args := []string{s.kind, "--format", "junit", "--config", config}
	if s.kind == "target" {
		dsn, err := l.database(ctx, "conformance_"+filepath.Base(filepath.Dir(filepath.Dir(command))))
		if err != nil {
			return err
		}
		args = append(args, "--dsn", dsn)
	}
	if catalog != "" {
		args = append(args, "--catalog", catalog)
	}
	cmd := start(ctx, l.folder, l.environment(), filepath.Join(l.bin, "conformance"), append(args, "--", command)...)
	found, failed := cmd.Output()
	var report struct {
		Cases []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Level string `xml:"type,attr"`
			} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(found, &report); err != nil {
		return fmt.Errorf("conformance: %w: %w", failed, err)
	}
	passed, skipped, failures := 0, 0, map[string][]string{}
	for _, c := range report.Cases {
		switch {
		case c.Failure != nil:
			failures[c.Failure.Level] = append(failures[c.Failure.Level], "`"+c.Name+"`")
		case c.Skipped != nil:
			skipped++
		default:
			passed++
		}
	}
	if s.from == nil && failed != nil {
		return fmt.Errorf("ours fails: %v", failures)
	}
	return publish(s.name(), fmt.Sprintf("| %s | %d | %d | %s | %s |", s.name(), passed, skipped, listed(failures["MUST"]), listed(failures["SHOULD"])))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(names), strings.Join(names, ", "))
}

// publish puts a program's row into the table, in place of the old one.
func publish(name, row string) error {
	page := filepath.Join("docs", "conformance.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	program, _, _ := strings.Cut(strings.TrimPrefix(name, ourMark), " ")
	lines := strings.Split(string(text), "\n")
	head := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| Program |") })
	if head < 0 {
		return fmt.Errorf("%s has no table of programs", page)
	}
	at := head + 2
	for at < len(lines) && strings.HasPrefix(lines[at], "| ") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(lines[at], "| "), ourMark), " ")
		if cell == program && strings.Contains(lines[at], ourMark) == strings.Contains(row, ourMark) {
			lines = slices.Delete(lines, at, at+1)
			break
		}
		at++
	}
	return os.WriteFile(page, []byte(strings.Join(slices.Insert(lines, at, row), "\n")), 0o644)
}
