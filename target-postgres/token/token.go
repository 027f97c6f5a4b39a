// Package token makes passwords that live for minutes, one for each new connection: those of AWS IAM, and those that a program prints.
package token

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A Maker makes the password for one connection. Its errors are faults.
type Maker func(context.Context, database.Server) (string, error)

// patience is how long credentials, or a program, may take.
const patience = 30 * time.Second

// RDS makes tokens with the credentials that the AWS SDK finds: environment, profile, web identity, container or instance role.
// Without a region the one in the server's name counts, then the SDK's.
func RDS(ctx context.Context, region string) (Maker, error) {
	found, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, protocol.ConfigFault("correct AWS_PROFILE and the files in ~/.aws", "AWS configuration: %w", err)
	}
	return signed(found.Credentials, region, found.Region), nil
}

// rdsName is the name of an instance, a cluster or a proxy: orders.abc123.eu-west-1.rds.amazonaws.com, or .com.cn.
var rdsName = regexp.MustCompile(`\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?\.?$`)

func signed(credentials aws.CredentialsProvider, region, otherwise string) Maker {
	return func(ctx context.Context, s database.Server) (string, error) {
		in := region
		if name := rdsName.FindStringSubmatch(s.Host); in == "" && name != nil {
			in = name[1]
		}
		if in == "" {
			in = otherwise
		}
		if in == "" {
			return "", protocol.ConfigFault("set aws_region", "the server's name does not tell its AWS region")
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		token, err := auth.BuildAuthToken(ctx, net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port))), in, s.User, credentials)
		if err != nil {
			return "", protocol.ConfigFault("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of the machine", "no token for RDS: %w", err)
		}
		return token, nil
	}
}

// Command makes the password by a shell command, which prints it as its first line.
func Command(command string) Maker {
	return func(ctx context.Context, _ database.Server) (string, error) {
		const hint = "run it by hand: it should print the password and exit with 0"
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		shell := exec.CommandContext(ctx, "sh", "-c", command)
		shell.WaitDelay = time.Second // for what it left running
		out, err := shell.Output()
		var ended *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return "", protocol.TransientFault(hint, "password_command: %w", ctx.Err())
		case errors.As(err, &ended):
			return "", protocol.ConfigFault(hint, "password_command: %s", ended.ProcessState)
		case err != nil:
			return "", protocol.SystemFault(hint, "password_command: %w", err)
		}
		line, _, _ := strings.Cut(string(out), "\n")
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			return "", protocol.ConfigFault(hint, "password_command printed nothing")
		}
		return line, nil
	}
}
