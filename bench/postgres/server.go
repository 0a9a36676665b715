// Package postgres runs a private Postgres server for a trial, where one is installed: with its stock settings, in a
// folder of the trial, reachable through a socket there and by nothing else.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrAbsent says that there is no server to be started here. What wraps it says why.
var ErrAbsent = errors.New("no Postgres server here")

// Server is a server that runs. It outlives this process, as a server would, until Stop, or until a minute after its
// folder has been removed, which is when it notices.
type Server struct {
	dir  string // the data, the socket and the log
	user owner
}

// Start starts a server with its data in a folder below dir, where a process before this one may have left the data. If
// it has left the server running, it is that one.
func Start(ctx context.Context, dir string) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	user, err := asOwner(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: filepath.Join(dir, "postgres"), user: user}
	if _, err := s.pid(); err == nil {
		return s, s.ready(ctx)
	}
	if _, err := os.Stat(s.data()); errors.Is(err, os.ErrNotExist) {
		if err := s.create(ctx, bin); err != nil {
			return nil, err
		}
	}
	if err := s.launch(bin); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// find returns the folder of the newest server's programs.
func find() (string, error) {
	versions, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	newest, bin := 0, ""
	for _, path := range versions {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && version > newest {
			newest, bin = version, filepath.Dir(path)
		}
	}
	if bin != "" {
		return bin, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("%w: initdb is neither in PATH nor below /usr/lib/postgresql", ErrAbsent)
	}
	return filepath.Dir(path), nil
}

// create makes an empty cluster, and has it on the disk before anything is measured.
func (s *Server) create(ctx context.Context, bin string) error {
	if err := s.user.mkdir(s.dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "bench", "-A", "trust", "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C")
	s.user.run(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	syscall.Sync() // much quicker than initdb does it, file by file
	return nil
}

// launch starts the server in a session of its own, so that what kills this process does not reach it.
func (s *Server) launch(bin string) error {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()                                                                                           //nolint:errcheck // the server has its own
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=") //nolint:noctx // it outlives this process
	cmd.Stdout, cmd.Stderr = log, log
	s.user.run(cmd)
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() //nolint:errcheck // ends with the server, which Stop ends
	return nil
}

// ready waits until the server has written that it accepts connections.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		lines, err := s.status()
		if err == nil && len(lines) > 7 && strings.HasPrefix(lines[7], "ready") {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("the Postgres server does not get ready: %s", log)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// status is what the server tells about itself: its process id first, whether it is ready on the eighth line.
func (s *Server) status() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	return strings.Split(string(text), "\n"), err
}

func (s *Server) pid() (int, error) {
	lines, err := s.status()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(lines[0])
}

// URL is where a database of the server is.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("bench"), Host: "", Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// Stop stops the server and waits until it has gone.
func (s *Server) Stop(ctx context.Context) error {
	pid, err := s.pid()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil { // a fast shutdown
		return err
	}
	for {
		if _, err := s.status(); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
