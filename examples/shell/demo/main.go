// Package main is the stage of the demo: it starts a real S3 server, runs demo.sh with the server's address and keys in the
// environment, and stops the server when the script has ended. The script calls it back for what a shell cannot do by itself:
//
//	demo run FOLDER         the demo in another folder than build/demo
//	demo put FIRST LAST     write the sample exports of those days into the bucket
//	demo sql FOLDER TEXT…   print queries' results from the private PostgreSQL in the folder
//	demo serve FOLDER       run that PostgreSQL until Ctrl-C, and print its address
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/target-postgres/server"
)

const bucket = "exports"

// rows is how many new orders and prospects a shop has each day.
const rows = 500

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(args) == 0:
		err = stage(ctx, filepath.Join("build", "demo"), stdout, stderr)
	case len(args) == 2 && args[0] == "run":
		err = stage(ctx, args[1], stdout, stderr)
	case len(args) == 3 && args[0] == "put":
		err = put(ctx, args[1], args[2], stdout)
	case len(args) >= 3 && args[0] == "sql":
		err = query(ctx, args[1], args[2:], stdout)
	case len(args) == 2 && args[0] == "serve":
		err = serve(ctx, args[1], stdout)
	default:
		fmt.Fprintln(stderr, "usage: demo [run FOLDER | put FIRST LAST | sql FOLDER TEXT… | serve FOLDER]")
		return 2
	}
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintln(stderr, "demo:", err)
	return 1
}

// stage runs the script in a fresh folder. What it leaves there is the PostgreSQL folder, the bucket's files and the configs.
func stage(ctx context.Context, folder string, stdout, stderr io.Writer) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	s3Folder, err := filepath.Abs(filepath.Join(folder, "s3"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s3Folder, bucket), 0o755); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	store, err := s3test.Launch(ctx, s3test.Options{Folder: s3Folder})
	if err != nil {
		return err
	}
	defer store.Stop()
	script := exec.CommandContext(ctx, "bash", filepath.Join("examples", "shell", "demo.sh"))
	script.Cancel = func() error { return script.Process.Signal(os.Interrupt) }
	script.Stdout, script.Stderr = stdout, stderr
	script.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL_S3="+store.Endpoint, "AWS_REGION="+store.Region, "AWS_ACCESS_KEY_ID="+store.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+store.SecretAccessKey, "S3_BUCKET_NAME="+bucket, "DEMO="+self, "DEMO_FOLDER="+folder,
		"AWS_EC2_METADATA_DISABLED=true")
	return script.Run()
}

func put(ctx context.Context, first, last string, stdout io.Writer) error {
	from, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	to, err := strconv.Atoi(last)
	if err != nil {
		return err
	}
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true })
	for day := from; day <= to; day++ {
		for _, file := range sample.Exports(day, rows) {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: new(bucket), Key: &file.Key, Body: bytes.NewReader(file.Body)})
			if err != nil {
				return err
			}
			fmt.Fprintf(stdout, "  s3://%s/%s  %d KB\n", bucket, file.Key, len(file.Body)>>10)
		}
	}
	return nil
}

func query(ctx context.Context, folder string, queries []string, stdout io.Writer) (err error) {
	db, err := server.Start(ctx, server.Options{Dir: folder})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Stop(context.WithoutCancel(ctx))) }()
	conn, err := pgx.Connect(ctx, db.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range queries {
		rows, err := conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		if err := printTable(rows, stdout); err != nil {
			return err
		}
		fmt.Fprintln(stdout)
	}
	return nil
}

// printTable prints the texts that the server sends, a line a row.
func printTable(rows pgx.Rows, w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var heads, rules []string
	for _, field := range rows.FieldDescriptions() {
		heads, rules = append(heads, field.Name), append(rules, strings.Repeat("-", len(field.Name)))
	}
	fmt.Fprintln(table, "  "+strings.Join(heads, "\t"))
	fmt.Fprintln(table, "  "+strings.Join(rules, "\t"))
	for rows.Next() {
		var cells []string
		for _, value := range rows.RawValues() {
			cells = append(cells, strings.NewReplacer("\n", `\n`, "\t", " ").Replace(string(value)))
		}
		fmt.Fprintln(table, "  "+strings.Join(cells, "\t"))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return table.Flush()
}

func serve(ctx context.Context, folder string, stdout io.Writer) error {
	db, err := server.Start(ctx, server.Options{Dir: folder})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "PostgreSQL answers at\n\n  psql '%s'\n\nCtrl-C stops it.\n", db.DSN())
	<-ctx.Done()
	return db.Stop(context.WithoutCancel(ctx))
}
