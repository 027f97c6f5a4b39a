package tunnel

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/signalroom/signalroom/protocol"
)

// knownHosts are the keys by which SSH servers are known.
type knownHosts struct {
	known   ssh.HostKeyCallback
	address string // of the one that is meant
	file    string // where the user adds to it
	add     string // the command that does
}

const systemHosts = "/etc/ssh/ssh_known_hosts"

// readKnownHosts reads the file, or OpenSSH's two where none is named.
func readKnownHosts(file, host string, port int) (*knownHosts, error) {
	files := []string{file}
	if file == "" {
		file = "~/.ssh/known_hosts"
		files = []string{file, systemHosts}
	}
	if rest, ok := strings.CutPrefix(file, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, protocol.ConfigFault("set ssh_tunnel.known_hosts", "there is no home folder to look for known hosts: %w", err)
		}
		file = filepath.Join(home, rest)
		files[0] = file
	}
	h := &knownHosts{address: net.JoinHostPort(host, strconv.Itoa(port)), file: file}
	h.add = fmt.Sprintf("ssh-keyscan -p %d %s >> %s", port, host, file)
	files = slices.DeleteFunc(files, func(f string) bool { _, err := os.Stat(f); return errors.Is(err, fs.ErrNotExist) })
	if len(files) == 0 {
		return nil, protocol.ConfigFault(h.advice(), "no SSH server is known: there is no %s", file)
	}
	var err error
	if h.known, err = knownhosts.New(files...); err != nil {
		return nil, protocol.ConfigFault("mend the file", "known hosts: %w", err)
	}
	return h, nil
}

func (h *knownHosts) advice() string {
	return "compare the key's fingerprint with the one that the server's administrator gives, then add it: " + h.add
}

// check makes a fault of a key that is not the known one.
func (h *knownHosts) check(remote net.Addr, key ssh.PublicKey) error {
	err := h.known(h.address, remote, key)
	var other *knownhosts.KeyError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &other) && len(other.Want) > 0:
		line := other.Want[0]
		return protocol.ConfigFault(
			fmt.Sprintf("somebody may be in between: ask the server's administrator. If the key was changed on purpose, remove line %d of %s and add the new one: %s",
				line.Line, line.Filename, h.add),
			"the key of the SSH server %s has changed, to %s %s", h.address, key.Type(), ssh.FingerprintSHA256(key))
	case errors.As(err, &other):
		return protocol.ConfigFault(h.advice(), "the SSH server %s is not known; its key is %s %s", h.address, key.Type(), ssh.FingerprintSHA256(key))
	}
	return protocol.ConfigFault("ask the server's administrator for its new key", "the key of the SSH server %s: %w", h.address, err)
}

// algorithms are those that a host's key may have, first those of its known keys: of several keys a server shows the first that is asked for.
func (h *knownHosts) algorithms(remote net.Addr) []string {
	var names []string
	var all *knownhosts.KeyError
	if errors.As(h.known(h.address, remote, noKey{}), &all) {
		for _, k := range all.Want {
			if k.Key.Type() == ssh.KeyAlgoRSA {
				names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			} else {
				names = append(names, k.Key.Type())
			}
		}
	}
	for _, name := range ssh.SupportedAlgorithms().HostKeys {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// noKey is a key that nobody has.
type noKey struct{ ssh.PublicKey }

func (noKey) Type() string    { return "" }
func (noKey) Marshal() []byte { return nil }
