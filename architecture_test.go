package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the prefix of our own import paths.
const module = "productgenerator"

// mayImport says which packages of ours each package may use, its tests aside. Package main wires them all and is not
// listed. Tokens come in through funding and go out through operations; between them stands the ledger. Packages of
// one level never import each other.
func mayImport() map[string]string {
	return map[string]string{
		"models":          "",
		"schema":          "models",
		"graph":           "models schema",
		"bus":             "models",
		"auth":            "models",
		"ledger":          "models bus",
		"catalog":         "models catalog/feed",
		"catalog/feed":    "models",
		"provider":        "models publicnet",
		"operations":      "models ledger catalog provider",
		"funding":         "models ledger payment",
		"notify":          "models publicnet",
		"payment":         "",
		"teams":           "models ledger",
		"rehearsal":       "models ledger operations",
		"reports":         "models",
		"resolvers":       "models schema graph bus auth ledger catalog catalog/feed operations funding reports teams web",
		"publicnet":       "",
		"transport":       "",
		"web":             "",
		"postgres":        "",
		"postgres/pgtest": "postgres",
		"e2e":             "",

		"payment/stripetest": "",
	}
}

func TestPackagesImportOnlyWhatTheArchitectureAllows(t *testing.T) {
	allowed := mayImport()
	seen := map[string]bool{}
	for _, s := range readSources(t) {
		if s.main() {
			continue
		}
		seen[s.folder()] = true
		list, known := allowed[s.folder()]
		if !known {
			t.Errorf("%s: package %s has no place in the table of imports", s.path, s.folder())
			continue
		}
		if s.test() {
			continue
		}
		for _, imported := range s.ownImports() {
			if !slices.Contains(strings.Fields(list), imported) {
				t.Errorf("%s: package %s may not import %s", s.path, s.folder(), imported)
			}
		}
	}
	for folder := range allowed {
		if !seen[folder] {
			t.Errorf("the table of imports names package %s, which does not exist", folder)
		}
	}
}

func TestModelsNeedTheStandardLibraryOnly(t *testing.T) {
	for _, s := range readSources(t) {
		if s.folder() != "models" || s.test() {
			continue
		}
		for _, path := range s.imports() {
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", s.path, path)
			}
		}
	}
}

func TestNothingIsNamedAfterNothing(t *testing.T) {
	empty := []string{"util", "utils", "common", "helper", "helpers", "service", "services", "manager", "managers", "misc"}
	for _, s := range readSources(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(s.path), ".go"), "_test")
		for _, name := range []string{s.file.Name.Name, filepath.Base(s.folder()), stem} {
			if slices.Contains(empty, name) {
				t.Errorf("%s: %s says nothing about what it holds", s.path, name)
			}
		}
	}
}

// source is one Go file of ours.
type source struct {
	path  string // from the top of the repository, with slashes
	text  string
	file  *ast.File
	files *token.FileSet
}

func (s source) folder() string  { return filepath.ToSlash(filepath.Dir(s.path)) }
func (s source) main() bool      { return strings.TrimSuffix(s.file.Name.Name, "_test") == "main" }
func (s source) test() bool      { return strings.HasSuffix(s.path, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.file) }
func (s source) lines() int      { return strings.Count(s.text, "\n") }

// at is a place in the file as a person looks it up.
func (s source) at(pos token.Pos) string {
	return s.path + ":" + strconv.Itoa(s.files.Position(pos).Line)
}

func (s source) imports() []string {
	paths := make([]string, len(s.file.Imports))
	for i, spec := range s.file.Imports {
		paths[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return paths
}

// ownImports lists the packages of ours that the file imports, without the module's name.
func (s source) ownImports() []string {
	var own []string
	for _, path := range s.imports() {
		if folder, found := strings.CutPrefix(path, module+"/"); found {
			own = append(own, folder)
		}
	}
	return own
}

// readSources reads every Go file of the repository, whatever system it is built for.
func readSources(t *testing.T) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != "." && foreign(entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parseSource(filepath.ToSlash(path), string(text))
		sources = append(sources, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// foreign says whether a folder holds nothing of ours that is compiled.
func foreign(folder string) bool {
	return strings.HasPrefix(folder, ".") || slices.Contains([]string{"node_modules", "testdata", "data"}, folder)
}

func parseSource(path, text string) (source, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments)
	return source{path: path, text: text, file: file, files: files}, err
}
