package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// file is one file of the built pages, as it is kept in the binary.
type file struct {
	content     []byte // gzipped if gzipped says so
	gzipped     bool
	size        int // of the plain content, in bytes
	contentType string
	tag         string // changes with the content; without quotes
	immutable   bool   // its name changes with its content
}

// readFolder reads the files of a folder that build.mjs has written. The keys are their paths in root, without the .gz
// of those that it compressed.
func readFolder(root fs.FS, folder string) (map[string]*file, error) {
	files := make(map[string]*file)
	err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		plainName := strings.TrimSuffix(name, ".gz")
		files[plainName], err = readFile(root, plainName)
		return err
	})
	return files, err
}

// readFile reads one file by its plain name, whether it is kept plain or compressed.
func readFile(root fs.FS, name string) (*file, error) {
	contentType, err := contentTypeOf(name)
	if err != nil {
		return nil, err
	}
	f := &file{
		contentType: contentType,
		immutable:   !strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".md"),
	}
	if f.content, err = fs.ReadFile(root, name); err == nil {
		f.size = len(f.content)
	} else if err = f.readCompressed(root, name+".gz"); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(f.content)
	f.tag = base64.RawURLEncoding.EncodeToString(sum[:12])
	return f, nil
}

func (f *file) readCompressed(root fs.FS, name string) (err error) {
	if f.content, err = fs.ReadFile(root, name); err != nil {
		return err
	}
	if _, err := gzip.NewReader(bytes.NewReader(f.content)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.gzipped = true
	// A gzip stream of one member ends with the size of what it holds.
	f.size = int(binary.LittleEndian.Uint32(f.content[len(f.content)-4:]))
	return nil
}

// contentTypeOf names the media type by the file's extension. It knows those that the build makes, and asks no table
// of the machine: their entries differ.
func contentTypeOf(name string) (string, error) {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".md":
		return "text/markdown; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	case ".ttf":
		return "font/ttf", nil
	}
	return "", fmt.Errorf("%s: no media type is known for it", name)
}
