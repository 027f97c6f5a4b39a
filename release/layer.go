package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// layerFiles are the files and folders that one stage adds. Root owns them, except for the working directory, which is the user's.
type layerFiles struct {
	at       time.Time
	headers  []*tar.Header
	contents [][]byte
}

func (l *layerFiles) file(name string, mode int64, content []byte) {
	l.add(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: mode, Size: int64(len(content))}, content)
}

// folder is owned by a user given as uid:gid, as BuildKit makes a WORKDIR that follows USER.
func (l *layerFiles) folder(name, user string) error {
	header := &tar.Header{Typeflag: tar.TypeDir, Name: strings.Trim(name, "/") + "/", Mode: 0o755}
	if user != "" {
		uid, gid, _ := strings.Cut(user, ":")
		var err, also error
		header.Uid, err = strconv.Atoi(uid)
		header.Gid, also = strconv.Atoi(gid)
		if err != nil || also != nil {
			return fmt.Errorf("USER %s: Kubernetes checks runAsNonRoot by numbers, uid:gid", user)
		}
	}
	l.add(header, nil)
	return nil
}

func (l *layerFiles) add(header *tar.Header, content []byte) {
	header.ModTime, header.Format = l.at, tar.FormatPAX
	l.headers, l.contents = append(l.headers, header), append(l.contents, content)
}

func (l *layerFiles) open() (io.ReadCloser, error) {
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	for n, header := range l.headers {
		if err := files.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := files.Write(l.contents[n]); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(&out), files.Close()
}
