package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/target-postgres/server"
)

// A lab is where a part runs: a folder, and the servers that it asks for.
type lab struct {
	root   string // holds the Python environments
	bin    string // of the built programs
	folder string // of the part, removed at its end
	out    io.Writer

	store    *s3test.Server
	postgres *server.Server
	cleanup  []func(context.Context) error
}

// close stops the servers and removes the folder.
func (l *lab) close(ctx context.Context) error {
	var problems []error
	for _, clean := range slices.Backward(l.cleanup) {
		problems = append(problems, clean(ctx))
	}
	l.store, l.postgres, l.cleanup = nil, nil, nil
	return errors.Join(append(problems, os.RemoveAll(l.folder))...)
}

const bucket = "exports"

// serve starts an S3 server with an empty bucket, and a PostgreSQL.
func (l *lab) serve(ctx context.Context) error {
	folder := filepath.Join(l.folder, "s3")
	if err := os.MkdirAll(filepath.Join(folder, bucket), 0o755); err != nil {
		return err
	}
	var err error
	if l.store, err = s3test.Launch(ctx, s3test.Options{Folder: folder}); err != nil {
		return err
	}
	l.cleanup = append(l.cleanup, func(context.Context) error { l.store.Stop(); return nil })
	if l.postgres, err = server.Start(ctx, server.Options{Dir: filepath.Join(l.folder, "postgres"), Settings: map[string]string{"fsync": "off"}}); err != nil {
		return err
	}
	l.cleanup = append(l.cleanup, l.postgres.Stop)
	return nil
}

// database makes an empty database, and returns its URL by the loopback port.
func (l *lab) database(ctx context.Context, name string) (string, error) {
	admin, err := pgx.Connect(ctx, l.postgres.DSN())
	if err != nil {
		return "", err
	}
	defer admin.Close(ctx)
	c := admin.Config()
	u := url.URL{Scheme: "postgresql", User: url.UserPassword(c.User, c.Password), Path: "/" + name, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.Port)))}
	_, err = admin.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	return u.String(), err
}

// put stores the sample exports of those days.
func (l *lab) put(ctx context.Context, first, last, rows int) error {
	for day := first; day <= last; day++ {
		for _, file := range sample.Exports(day, rows) {
			if _, err := l.store.Client().PutObject(ctx, &s3.PutObjectInput{Bucket: new(bucket), Key: &file.Key, Body: bytes.NewReader(file.Body)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// environment is that of all programs. Of the user's own it has only the PATH and the folder of temporary files.
func (l *lab) environment(more ...string) []string {
	env := []string{"PATH=" + l.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + filepath.Join(l.root, "home"), "TMPDIR=" + os.TempDir(),
		"AWS_EC2_METADATA_DISABLED=true", "NO_COLOR=1"}
	if l.store != nil {
		env = append(env, "AWS_ENDPOINT_URL_S3="+l.store.Endpoint, "AWS_REGION="+l.store.Region, "AWS_ACCESS_KEY_ID="+l.store.AccessKeyID,
			"AWS_SECRET_ACCESS_KEY="+l.store.SecretAccessKey, "S3_BUCKET_NAME="+bucket)
	}
	return append(env, more...)
}

// longest is how long a program may run.
const longest = 5 * time.Minute

// An output is what a program printed.
type output struct{ stdout, stderr string }

// start makes a command in a process group of its own, so that its children end with it.
func start(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// command runs a program to its end. stdin is a file, or empty. A name without a folder is one of our programs.
func (l *lab) command(ctx context.Context, env []string, stdin, name string, args ...string) (output, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if filepath.Base(name) == name {
		name = filepath.Join(l.bin, name)
	}
	cmd := start(ctx, l.folder, env, name, args...)
	if stdin != "" {
		in, err := os.Open(stdin)
		if err != nil {
			return output{}, err
		}
		defer in.Close()
		cmd.Stdin = in
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	out := output{stdout.String(), stderr.String()}
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, tail(out.stdout), tail(out.stderr))
	}
	return out, err
}

// tail are the last lines of what a program printed.
func tail(text string) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// file writes a file into the part's folder, and returns its path.
func (l *lab) file(name, text string) (string, error) {
	path := filepath.Join(l.folder, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// json is file for a value, as JSON.
func (l *lab) json(name string, value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return l.file(name, string(text))
}

// messages runs a tap from the state that target-postgres committed, and returns the file of what it printed. target are flags of both runs
// of target-postgres, that of state and the later one that loads.
func (l *lab) messages(ctx context.Context, dsn string, target []string, tap string, args ...string) (path string, err error) {
	state, err := l.command(ctx, l.environment("DATABASE_URL="+dsn), "", "target-postgres", append([]string{"state"}, target...)...)
	if err != nil {
		return "", err
	}
	statePath, err := l.file("state.json", state.stdout)
	if err != nil {
		return "", err
	}
	printed, err := l.command(ctx, l.environment(), "", tap, append(args, "--state", statePath)...)
	if err != nil {
		return "", err
	}
	return l.file("messages.singer", printed.stdout)
}

// rows are the rows of a query that returns one text each.
func rows(ctx context.Context, dsn, sql string) ([]string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	found, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// value is the result of a query that returns one row.
func value(ctx context.Context, dsn, sql string) (string, error) {
	found, err := rows(ctx, dsn, sql)
	if err != nil || len(found) != 1 {
		return "", errors.Join(err, fmt.Errorf("%d rows: %s", len(found), sql))
	}
	return found[0], nil
}

// expect is an error unless a query returns one row, which is want.
func expect(ctx context.Context, dsn, want, sql string) error {
	got, err := value(ctx, dsn, sql)
	if err == nil && got != want {
		err = fmt.Errorf("%s: %s, expected %s", sql, got, want)
	}
	return err
}
