package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// holder is another process that holds an embedded server.
type holder struct {
	*exec.Cmd
	url       string
	serverPID int
}

// startHolder starts it and waits for its server. It is stopped when the test ends.
func startHolder(t *testing.T, dir string, change func(*exec.Cmd)) *holder {
	t.Helper()
	h := &holder{Cmd: exec.Command("/proc/self/exe", holdServer, dir)}
	if change != nil {
		change(h.Cmd)
	}
	stdin, err := h.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := h.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = h.Wait() // an error says that the test killed it
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, scanErr := fmt.Sscan(line, &h.url, &h.serverPID); err != nil || scanErr != nil {
		t.Fatalf("the other process has no server: %q", line)
	}
	return h
}

func TestTheServerIsPrivateAndDurable(t *testing.T) {
	t.Setenv("PLANTED_SECRET", "sesame")
	e := startServer(t, EmbeddedOptions{DataDir: openDir(t)})
	for setting, want := range map[string]string{
		"listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"TimeZone": "UTC", "server_encoding": "UTF8",
	} {
		if got := ask[string](t, e.URL("postgres"), "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if lower := ask[string](t, e.URL("postgres"), "SELECT lower('ÉÑ')"); lower != "éñ" {
		t.Errorf("lower('ÉÑ') is %q", lower)
	}
	info, err := os.Stat(e.sockets)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket directory has mode %o", info.Mode().Perm())
	}
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", e.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(environment), "sesame") {
		t.Error("the server's environment holds this process's secrets")
	}
}

func TestAStartAfterKill9OfTheProcessFindsEveryCommit(t *testing.T) {
	dir := openDir(t)
	h := startHolder(t, dir, nil)
	run(t, h.url, "CREATE TABLE note AS SELECT 'acknowledged' AS text")
	oldSockets := connect(t, h.url).Config().Host

	if err := h.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.Wait()
	e := startServer(t, EmbeddedOptions{DataDir: dir})

	if text := ask[string](t, e.URL("postgres"), "SELECT text FROM note"); text != "acknowledged" {
		t.Errorf("read %q", text)
	}
	if servesCluster(h.serverPID, filepath.Join(dir, clusterName)) {
		t.Error("the killed process's server still runs")
	}
	if _, err := os.Stat(oldSockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the killed process's socket directory stays: %v", err)
	}
}

// The kernel ends a server with its parent on Linux; here it does not get to, as on other systems.
func TestAStartEndsTheServerThatAKilledProcessLeftRunning(t *testing.T) {
	dir := openDir(t)
	e := startServer(t, EmbeddedOptions{DataDir: dir})
	run(t, e.URL("postgres"), "CREATE TABLE note AS SELECT 'acknowledged' AS text")
	if err := e.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	sockets, err := makeSockets("", e.server.cluster.account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeSockets(sockets) })
	command, release, err := e.server.cluster.command(context.Background(), e.server.cluster.dir, "postgres",
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+sockets)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	command.SysProcAttr.Pdeathsig = 0
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	await(t, "the leftover server answers", func() bool {
		conn, err := pgx.Connect(within(t, 5*time.Second), (&Embedded{sockets: sockets}).URL("postgres"))
		return err == nil && conn.Close(context.Background()) == nil
	})

	again := startServer(t, EmbeddedOptions{DataDir: dir})
	if text := ask[string](t, again.URL("postgres"), "SELECT text FROM note"); text != "acknowledged" {
		t.Errorf("read %q", text)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the leftover server still runs")
	}
}

func TestAProcessThatGotTheOldServersIDIsLeftAlone(t *testing.T) {
	dir := openDir(t)
	e := startServer(t, EmbeddedOptions{DataDir: dir})
	if err := e.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command("sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stranger.Wait() }()
	t.Cleanup(func() { _ = stranger.Process.Kill() })
	pidFile := filepath.Join(dir, clusterName, "postmaster.pid")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(stranger.Process.Pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, err := leftoverPID(filepath.Join(dir, clusterName)); err != nil || pid != 0 {
		t.Errorf("takes process %d for a server, %v", pid, err)
	}
	if err := stopLeftover(within(t, time.Minute), filepath.Join(dir, clusterName)); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		t.Errorf("the stranger was ended: %v", err)
	default:
	}
}

func TestASecondProcessIsRefusedTheDirectoryAndTheFirstServesOn(t *testing.T) {
	dir := openDir(t)
	h := startHolder(t, dir, nil)

	_, err := StartEmbedded(within(t, time.Minute), EmbeddedOptions{DataDir: dir})

	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.PID != h.Process.Pid || inUse.DataDir != dir {
		t.Fatalf("got %v, want an InUseError that names process %d", err, h.Process.Pid)
	}
	if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), dir) {
		t.Errorf("not one clear line: %q", err)
	}
	if one := ask[int](t, h.url, "SELECT 1"); one != 1 {
		t.Error("the first process's server does not answer")
	}
}

func TestAServerThatIsKilledIsBackOnTheSameAddress(t *testing.T) {
	var log records
	e := startServer(t, EmbeddedOptions{DataDir: openDir(t), Log: log.logger(0)})
	db, err := Open(within(t, time.Minute), e.URL("postgres"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if _, err := db.Pool.Exec(within(t, time.Minute), "CREATE TABLE note AS SELECT 'acknowledged' AS text"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		killed := e.PID()
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var text string
		await(t, "the server is back", func() bool {
			err := db.Pool.QueryRow(within(t, 5*time.Second), "SELECT text FROM note").Scan(&text)
			return err == nil && e.PID() != killed
		})
		t.Logf("back after %d ms", time.Since(began).Milliseconds())
		if text != "acknowledged" {
			t.Errorf("read %q", text)
		}
	}
	if !strings.Contains(log.String(), "starting it again") {
		t.Errorf("the log does not tell of the restart: %s", log.String())
	}
	if err := e.Stop(within(t, time.Minute)); err != nil {
		t.Errorf("stop after a restart: %v", err)
	}
}

func TestRootStartsBelowADirectoryThatIsClosedToOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another account")
	}
	closed := openDir(t)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "clone", "data")
	for range 2 { // a new cluster, then an existing one
		e := startServer(t, EmbeddedOptions{DataDir: dir})
		if one := ask[int](t, e.URL("postgres"), "SELECT 1"); one != 1 {
			t.Error("no answer")
		}
		if err := e.Stop(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnOrdinaryUserStartsAsItself(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user; without, every other test shows it")
	}
	nobody, err := lookupAccount("nobody")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(openDir(t), "data")
	if err := errors.Join(os.Mkdir(dir, 0o700), nobody.give(dir)); err != nil {
		t.Fatal(err)
	}
	h := startHolder(t, dir, func(c *exec.Cmd) {
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: nobody.credential()}
	})
	if user := ask[string](t, h.url, "SELECT current_user::text"); user != Superuser {
		t.Errorf("the role is %q", user)
	}
	if err := h.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.Wait()

	e := startServer(t, EmbeddedOptions{DataDir: dir}) // root, on nobody's data
	info, err := os.Stat(fmt.Sprintf("/proc/%d", e.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if statOf(info).Uid != uint32(nobody.uid) {
		t.Errorf("the server runs as user %d, want the data's owner", statOf(info).Uid)
	}
}
