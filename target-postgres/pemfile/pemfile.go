// Package pemfile reads certificates and private keys that a setting gives as the path of a file or as the text itself: PEM,
// also on one line with \n for its ends of lines, or PEM in base64. Nothing is written to disk, and no error quotes the setting.
package pemfile

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/ssh"
)

// Text is what the value holds or names.
func Text(value string) ([]byte, error) {
	if text, ok := inline(value); ok {
		return text, nil
	}
	return read(value, func(fs.FileInfo) error { return nil })
}

// Key is a private key: PKCS #1, PKCS #8, SEC 1 or OpenSSH's form, encrypted with the password or plain. As with libpq, a
// file that others may read is refused.
func Key(value, password string) (crypto.PrivateKey, error) {
	text, ok := inline(value)
	if !ok {
		var err error
		if text, err = read(value, private); err != nil {
			return nil, err
		}
	}
	block, rest := pem.Decode(text)
	for block != nil && !strings.HasSuffix(block.Type, "PRIVATE KEY") { // such as EC PARAMETERS
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("there is no key in PEM form")
	}
	text = pem.EncodeToMemory(block)
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		if password == "" {
			return nil, errEncrypted
		}
		key, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(password))
		if err != nil {
			return nil, errors.New("the key is damaged, or its password is another one")
		}
		return key, nil
	}
	key, err := ssh.ParseRawPrivateKey(text)
	var encrypted *ssh.PassphraseMissingError
	if errors.As(err, &encrypted) {
		if password == "" {
			return nil, errEncrypted
		}
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, []byte(password)); errors.Is(err, x509.IncorrectPasswordError) {
			return nil, errors.New("the key's password is another one")
		}
	}
	if k, ok := key.(*ed25519.PrivateKey); ok { // only in OpenSSH's form
		return *k, err
	}
	return key, err
}

var errEncrypted = errors.New("the key is encrypted and its password is not given")

func inline(value string) ([]byte, bool) {
	const mark = "-----BEGIN "
	text := []byte(strings.ReplaceAll(value, `\n`, "\n"))
	if !bytes.Contains(text, []byte(mark)) {
		compact := strings.Join(strings.Fields(value), "")
		decoded, err := base64.StdEncoding.DecodeString(compact)
		if err != nil || !bytes.Contains(decoded, []byte(mark)) {
			return nil, false
		}
		text = decoded
	}
	return append(text, '\n'), true
}

func read(path string, allowed func(fs.FileInfo) error) ([]byte, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(home, rest)
	}
	info, err := os.Stat(path)
	if err == nil {
		err = allowed(info)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	var where *fs.PathError
	if errors.As(err, &where) {
		return nil, where.Err // the path may be a key whose form was not understood
	}
	return text, err
}

// private has libpq's rule: nobody but the owner, and where that is root, readers of its group.
func private(info fs.FileInfo) error {
	others := fs.FileMode(0o077)
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid == 0 {
		others = 0o037
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	if mode := info.Mode().Perm(); mode&others != 0 {
		return fmt.Errorf("others may read the file (mode %04o); chmod 600 it", mode)
	}
	return nil
}
