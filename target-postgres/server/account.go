package server

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/signalroom/signalroom/protocol"
)

// An account is whom the server runs as. The zero switched means: as this process.
type account struct {
	uid, gid uint32
	name     string
	switched bool
}

// serverAccount is this process's own account, unless that is root. Then it is the owner of the folder, or where root made it,
// the system's postgres or nobody.
func serverAccount(dir string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, path := range []string{filepath.Join(dir, "server"), dir} {
		if uid, gid, ok := owner(path); ok && uid != 0 {
			return account{uid: uid, gid: gid, name: accountName(uid), switched: true}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{uid: uint32(uid), gid: uint32(gid), name: name, switched: true}, nil
		}
	}
	return account{}, protocol.ConfigFault("make the folder's owner another user (chown), or run as an ordinary user",
		"PostgreSQL does not run as root, and this system has neither a user postgres nor nobody")
}

func accountName(uid uint32) string {
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", uid)
}

func owner(path string) (uid, gid uint32, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return st.Uid, st.Gid, true
}

// give makes the path the account's.
func (a account) give(path string) error {
	if !a.switched {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// reaches tells whether the account may enter every folder above the path and the path itself.
func (a account) reaches(path string) bool {
	if !a.switched {
		return true
	}
	for {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		uid, gid, ok := owner(path)
		mode := info.Mode().Perm()
		switch {
		case ok && uid == a.uid:
			mode >>= 6
		case ok && gid == a.gid:
			mode >>= 3
		}
		if mode&1 == 0 {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}

// command is a program that runs as the server's account in the folder server/. args get that folder as the program must
// spell it; done follows the program's end.
//
// The spelling is relative, so that no shell on the way trips over a path. Where the account may not enter a folder above,
// as with /root, it is the open folder's descriptor, which the program inherits: an open folder can be entered all the same.
func (c *cluster) command(name string, args func(dir string) []string) (cmd *exec.Cmd, done func(), err error) {
	if c.account.reaches(c.inner()) {
		cmd = exec.Command(name, args(".")...)
		cmd.Dir = c.inner()
		c.account.become(cmd)
		return cmd, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return nil, nil, protocol.ConfigFault("name a folder that this user can enter, or run as an ordinary user",
			"PostgreSQL does not run as root, and %s, whom it would run as, may not enter %s", c.account.name, c.Dir)
	}
	folder, err := os.Open(c.inner())
	if err != nil {
		return nil, nil, protocol.SystemFault("", "private server: %w", err)
	}
	cmd = exec.Command(name, args("/proc/self/fd/3")...)
	cmd.Dir = fmt.Sprintf("/proc/self/fd/%d", folder.Fd())
	cmd.ExtraFiles = []*os.File{folder}
	c.account.become(cmd)
	return cmd, func() { folder.Close() }, nil
}

// become makes the program run as the account, in a process group of its own so that Ctrl-C does not reach it, in the C locale.
func (a account) become(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name == "PATH" || name == "HOME" || name == "TMPDIR" || strings.HasPrefix(name, "DYLD_") || name == "LD_LIBRARY_PATH" {
			cmd.Env = append(cmd.Env, v)
		}
	}
}

// exists tells whether there is a process of that id.
func exists(pid int) bool {
	err := syscall.Kill(pid, 0)
	return pid > 0 && (err == nil || err == syscall.EPERM)
}

// worksIn tells whether the process exists and has the folder as its own, as a server has its data folder. Where the system
// does not say which folder it is, existing is enough.
func worksIn(pid int, dir string) bool {
	if !exists(pid) || runtime.GOOS != "linux" {
		return exists(pid)
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if os.IsPermission(err) {
		return true
	}
	return err == nil && cwd == dir
}
