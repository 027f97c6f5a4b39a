package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func (p *project) plugins(ctx context.Context) error {
	for _, name := range []string{"tap-s3-exports", "tap-posthog", "tap-mautic", "tap-everflow", "tap-redtrack", "tap-google-sheets", "target-postgres"} {
		out, err := p.meltano(ctx, "invoke", "--no-install", name, "--version")
		if err != nil {
			return err
		}
		if !strings.HasPrefix(out.stdout, name+" ") {
			return fmt.Errorf("%s --version: %q", name, out.stdout)
		}
	}
	return nil
}

func (p *project) add(ctx context.Context) error {
	definition, err := p.command(ctx, p.env, "", "tap-posthog", "--about", "--format", "meltano")
	if err != nil {
		return err
	}
	path, err := p.file("tap-posthog.yml", definition.stdout)
	if err != nil {
		return err
	}
	blank := *p
	blank.dir = filepath.Join(p.folder, "blank")
	if err := os.Mkdir(blank.dir, 0o755); err != nil {
		return err
	}
	if _, err := p.file("blank/meltano.yml", "default_environment: dev\nenvironments:\n- name: dev\n"); err != nil {
		return err
	}
	if _, err := blank.meltano(ctx, "add", "--no-install", "--from-ref", path, "tap-posthog"); err != nil {
		return err
	}
	out, err := blank.meltano(ctx, "invoke", "--no-install", "tap-posthog", "--version")
	if err == nil && !strings.HasPrefix(out.stdout, "tap-posthog ") {
		err = fmt.Errorf("tap-posthog --version: %q", out.stdout)
	}
	return err
}

func (p *project) config(ctx context.Context) error {
	out, err := p.meltano(ctx, "config", "list", "--all", acme)
	if err != nil {
		return err
	}
	if strings.Contains(out.stdout, p.store.SecretAccessKey) {
		return errors.New("it shows a secret")
	}
	if !strings.Contains(out.stdout, "prefix [env: TAP_S3_EXPORTS__ACME_PREFIX]") {
		return fmt.Errorf("it does not show the client's prefix:\n%s", out.stdout)
	}
	return nil
}

func (p *project) test(ctx context.Context) error {
	if err := p.put(ctx, 1, 1, sampleRows); err != nil {
		return err
	}
	if _, err := p.meltano(ctx, "config", "test", acme); err != nil {
		return err
	}
	// Meltano 4.4 terminates a target that has ended already, and reports that as ProcessLookupError after the test went well.
	if out, err := p.meltano(ctx, "config", "test", "target-postgres"); err != nil && !strings.Contains(out.stderr, "Test data was written") {
		return err
	}
	return expect(ctx, p.loaded, "1", "SELECT count(*)::text FROM meltano_test_stream")
}

// threeRuns compares the tables after each.
func (p *project) threeRuns(ctx context.Context) error {
	for run := range 3 {
		if run < 2 {
			if err := p.put(ctx, p.day+1, p.day+2, sampleRows); err != nil {
				return err
			}
			p.day += 2
		}
		if err := p.pipe(ctx, "acme", nil); err != nil {
			return err
		}
		if _, err := p.meltano(ctx, "run", "--no-install", acme, "target-postgres"); err != nil {
			return err
		}
		if err := p.compare(ctx); err != nil {
			return fmt.Errorf("run %d: %w", run+1, err)
		}
	}
	return nil
}

func (p *project) job(ctx context.Context) error {
	if err := errors.Join(p.pipe(ctx, "acme", nil), p.pipe(ctx, "globex", map[string]any{"columns": map[string]any{"*": map[string]any{"bill_email": "hash"}}})); err != nil {
		return err
	}
	if _, err := p.meltano(ctx, "run", "--no-install", "exports"); err != nil {
		return err
	}
	return p.compare(ctx)
}

const stateID = "dev:" + acme + "-to-target-postgres"

// state holds what Meltano keeps against what the target committed.
func (p *project) state(ctx context.Context) error {
	list, err := p.meltano(ctx, "state", "list")
	if err != nil {
		return err
	}
	if !strings.Contains(list.stdout, stateID) {
		return fmt.Errorf("state list: %s", list.stdout)
	}
	kept, err := p.bookmarks(ctx, stateID)
	if err != nil {
		return err
	}
	out, err := p.command(ctx, p.environment("DATABASE_URL="+p.loaded), "", "target-postgres", "state", "--default-target-schema", "exports", "--pipeline", acme)
	if err != nil {
		return err
	}
	var committed struct{ Bookmarks any }
	if err := json.Unmarshal([]byte(out.stdout), &committed); err != nil {
		return err
	}
	if fmt.Sprint(kept) != fmt.Sprint(committed.Bookmarks) {
		return fmt.Errorf("the state that Meltano has\n%v\nthe target committed\n%v", kept, committed.Bookmarks)
	}
	return nil
}

// bookmarks are those of a state that Meltano keeps. There must be some.
func (p *project) bookmarks(ctx context.Context, id string) (any, error) {
	out, err := p.meltano(ctx, "state", "get", id)
	if err != nil {
		return nil, err
	}
	var kept struct {
		State struct{ Bookmarks map[string]any } `json:"singer_state"`
	}
	if err := json.Unmarshal([]byte(out.stdout), &kept); err != nil {
		return nil, fmt.Errorf("state get: %w: %s", err, out.stdout)
	}
	if len(kept.State.Bookmarks) == 0 {
		return nil, fmt.Errorf("there are no bookmarks in the state %s: %s", id, out.stdout)
	}
	return kept.State.Bookmarks, nil
}

// fullRefresh reads everything again, and the run after it nothing.
func (p *project) fullRefresh(ctx context.Context) error {
	read := func() (string, error) {
		return value(ctx, p.loaded, "SELECT sum(read)::text FROM exports._signalroom_loads WHERE stream = 'sticky_orders' AND pipeline = '"+acme+"'")
	}
	var counts [3]string
	for i, args := range [][]string{nil, {"--full-refresh"}, {}} {
		if args != nil {
			if _, err := p.meltano(ctx, slices.Concat([]string{"run", "--no-install"}, args, []string{acme, "target-postgres"})...); err != nil {
				return err
			}
		}
		var err error
		if counts[i], err = read(); err != nil {
			return err
		}
	}
	if counts[0] == counts[1] || counts[1] != counts[2] {
		return fmt.Errorf("rows read before, after --full-refresh, and after the run that followed: %v", counts)
	}
	return p.compare(ctx)
}

func (p *project) suffix(ctx context.Context) error {
	if _, err := p.meltano(ctx, "run", "--no-install", "--state-id-suffix", "again", acme, "target-postgres"); err != nil {
		return err
	}
	if _, err := p.bookmarks(ctx, stateID+":again"); err != nil {
		return err
	}
	return p.compare(ctx)
}

func (p *project) el(ctx context.Context) error {
	env := []string{"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA=el"}
	dumped, err := p.meltanoWith(ctx, env, "el", acme, "target-postgres", "--state-id=manual", "--select=sticky_prospects", "--dump=catalog")
	if err != nil {
		return err
	}
	var catalog struct{ Streams []any }
	if err := json.Unmarshal([]byte(dumped.stdout), &catalog); err != nil || len(catalog.Streams) < 2 {
		return fmt.Errorf("the catalog: %w: %s", err, tail(dumped.stdout))
	}
	if _, err := p.meltanoWith(ctx, env, "el", acme, "target-postgres", "--state-id=manual", "--select=sticky_prospects"); err != nil {
		return err
	}
	if _, err := p.bookmarks(ctx, "manual"); err != nil {
		return err
	}
	return expect(ctx, p.loaded, "sticky_prospects", "SELECT string_agg(table_name, ',') FROM information_schema.tables WHERE table_schema = 'el' AND table_name !~ '^_'")
}

// rules loads into another schema with settings that come through the environment: lists and objects as JSON.
func (p *project) rules(ctx context.Context) error {
	env := []string{
		"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA=rules",
		`TAP_S3_EXPORTS__ACME__SELECT=["sticky_orders.*", "!sticky_orders.bill_*", "!*._file_*", "sticky_orders.bill_email"]`,
		`TAP_S3_EXPORTS__ACME_PRESETS=["sticky_orders"]`,
		`TAP_S3_EXPORTS__ACME_COLUMNS={"sticky_*": {"ship_email": "mask", "order_id": "hash"}}`,
		`TARGET_POSTGRES_DISPOSITIONS={"sticky_orders": "append"}`,
		"TARGET_POSTGRES_ADD_RECORD_METADATA=false",
	}
	if _, err := p.meltanoWith(ctx, env, "run", "--no-install", "--state-id-suffix=rules", acme, "target-postgres"); err != nil {
		return err
	}
	for want, sql := range map[string]string{
		"0":                "SELECT count(*)::text FROM information_schema.columns WHERE table_schema = 'rules' AND (column_name LIKE 'bill\\_%' OR column_name LIKE '\\_sdc\\_%')",
		"1":                "SELECT count(*)::text FROM information_schema.columns WHERE table_schema = 'rules' AND column_name = 'ship_city'",
		"true":             "SELECT bool_and(length(order_id) = 64)::text FROM rules.sticky_orders",
		"sticky_orders":    "SELECT string_agg(table_name, ',') FROM information_schema.tables WHERE table_schema = 'rules' AND table_name !~ '^_'",
		"sticky_orders, a": "SELECT string_agg(DISTINCT stream || ', ' || left(disposition, 1), '') FROM rules._signalroom_loads WHERE stream = 'sticky_orders'",
	} {
		if err := expect(ctx, p.loaded, want, sql); err != nil {
			return err
		}
	}
	return nil
}

// logs reads Meltano's own log, which has what both programs said.
func (p *project) logs(ctx context.Context) error {
	out, err := p.meltano(ctx, "run", "--no-install", "--state-id-suffix=logs", acme, "target-postgres")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for text := range strings.Lines(out.stderr) {
		var line struct {
			Stdio, Level, Event, Name string
			Logger                    *string `json:"plugin_logger"` // where Meltano has understood the line
			Stream                    string  `json:"stream_name"`
		}
		if json.Unmarshal([]byte(text), &line) != nil || line.Stdio != "stderr" {
			continue
		}
		if line.Logger == nil {
			return fmt.Errorf("a line that Meltano takes for plain text: %s", text)
		}
		seen[line.Name+" "+line.Level+" "+line.Stream+": "+line.Event] = true
	}
	for _, want := range []string{
		acme + " warning sticky_orders: rows could not be read; they are in the stream _rejected_rows",
		acme + " info sticky_orders: METRIC", "target-postgres info sticky_orders: loaded",
	} {
		if !seen[want] {
			return fmt.Errorf("there is no line %q in\n%s", want, out.stderr)
		}
	}
	return nil
}

// kill ends Meltano and all below it once rows are committed, and runs it again.
func (p *project) kill(ctx context.Context) error {
	if err := p.put(ctx, p.day+1, p.day+1, 60*sampleRows); err != nil {
		return err
	}
	p.day++
	loads := "SELECT count(*)::text FROM exports._signalroom_loads"
	before, err := value(ctx, p.loaded, loads)
	if err != nil {
		return err
	}
	cmd := start(ctx, p.dir, append(slices.Clone(p.env), "TARGET_POSTGRES_BATCH_SIZE_ROWS=500"), p.program(meltanoEnvironment, "meltano"), "run", "--no-install", acme, "target-postgres")
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for running := true; running; {
		select {
		case err := <-ended:
			return fmt.Errorf("the run ended before it could be killed: %w", err)
		case <-look.C:
			now, err := value(ctx, p.loaded, loads)
			if err != nil {
				return err
			}
			running = now == before
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) {
		return fmt.Errorf("the run ended before it was killed: %w", err)
	}
	if err := p.pipe(ctx, "acme", nil); err != nil {
		return err
	}
	if p.compare(ctx) == nil {
		return errors.New("the run was killed too late")
	}
	// Meltano could not say that its run has ended.
	if _, err := p.meltano(ctx, "run", "--no-install", "--force", acme, "target-postgres"); err != nil {
		return err
	}
	return p.compare(ctx)
}
