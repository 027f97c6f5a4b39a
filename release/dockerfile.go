package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// A stage is one FROM of a Dockerfile and the steps that follow.
type stage struct {
	name, from string
	steps      []step
}

// A step is one instruction.
type step struct {
	line    int
	word    string            // in capitals
	flags   map[string]string // from=build for --from=build
	args    string
	heredoc string // the lines between <<name and name
}

// parseDockerfile reads the stages of a Dockerfile. It knows comments, continued lines, flags, and one heredoc in an instruction.
// https://docs.docker.com/reference/dockerfile/
func parseDockerfile(text []byte) ([]stage, error) {
	var stages []stage
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s := step{line: n, flags: map[string]string{}}
		for strings.HasSuffix(line, `\`) && lines.Scan() {
			n++
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines.Text())
		}
		s.word, s.args, _ = strings.Cut(line, " ")
		s.word, s.args = strings.ToUpper(s.word), strings.TrimSpace(s.args)
		for strings.HasPrefix(s.args, "--") {
			flag, rest, _ := strings.Cut(s.args, " ")
			key, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
			s.flags[key], s.args = value, strings.TrimSpace(rest)
		}
		if mark, rest, ok := strings.Cut(s.args, " "); ok && strings.HasPrefix(mark, "<<") {
			s.args = strings.TrimSpace(rest)
			for lines.Scan() {
				if n++; lines.Text() == mark[2:] {
					break
				}
				s.heredoc += lines.Text() + "\n"
			}
		}
		if s.word == "FROM" {
			from, name, _ := strings.Cut(s.args, " ")
			_, name, _ = strings.Cut(name, " ") // AS
			stages = append(stages, stage{name: name, from: from})
			continue
		}
		if len(stages) == 0 {
			return nil, fmt.Errorf("line %d of the Dockerfile: %s before the first FROM", n, s.word)
		}
		last := &stages[len(stages)-1]
		last.steps = append(last.steps, s)
	}
	return stages, lines.Err()
}

// pairs are the names and values of ENV and LABEL, with the variables in the values replaced.
func (s step) pairs(variables map[string]string) ([][2]string, error) {
	var out [][2]string
	for rest := s.args; rest != ""; rest = strings.TrimSpace(rest) {
		name, value, ok := strings.Cut(rest, "=")
		if !ok || strings.Contains(name, " ") {
			return nil, s.errorf("%s wants NAME=value", s.word)
		}
		end := strings.IndexByte(value, ' ')
		if strings.HasPrefix(value, `"`) {
			end = strings.IndexByte(value[1:], '"') + 2
		}
		if end < 1 || end > len(value) {
			end = len(value)
		}
		rest = value[end:]
		value = os.Expand(strings.Trim(value[:end], `"`), func(name string) string { return variables[name] })
		out = append(out, [2]string{name, value})
	}
	return out, nil
}

// words are the words of an ENTRYPOINT, which is a JSON list.
func (s step) words() (list []string, err error) {
	if err := json.Unmarshal([]byte(s.args), &list); err != nil {
		return nil, s.errorf("%s wants a JSON list of words", s.word)
	}
	return list, nil
}

func (s step) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d of the Dockerfile: %s", s.line, fmt.Sprintf(format, args...))
}
