package main_test

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// longestFile is how many lines a file may have; one that outgrows it holds a second concept.
const longestFile = 500

// convention is a rule that every file it applies to keeps.
type convention struct {
	name    string
	applies func(source) bool
	breaks  func(source) []token.Pos // where the file does not keep the rule
	allowed map[string]string        // files that need not keep it, each with the reason
	broken  string                   // a file that does not keep it: what shows that the rule finds anything
}

func conventions() []convention {
	return []convention{
		{
			name:    "only package main reads the environment",
			applies: func(s source) bool { return !s.main() && !s.test() },
			breaks:  uses("os", "Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv"),
			broken:  `import "os"; var home = os.Getenv("HOME")`,
		},
		{
			name:    "the time is given: only package main reads the clock, but for deadlines of I/O and measuring",
			applies: func(s source) bool { return !s.main() && !s.test() },
			breaks:  uses("time", "Now", "Since", "Until"),
			allowed: map[string]string{
				"funding/webhook.go":       "deadlines of reading",
				"postgres/server.go":       "measures how long a process of the server's ran",
				"postgres/statementlog.go": "measures statements",
				"provider/chain.go":        "shares of a deadline",
				"provider/ebay_token.go":   "the life of an access token, replaced in tests",
				"provider/link.go":         "how long a provider that failed or asked for rest is left alone",
				"transport/operation.go":   "measures operations",
				"transport/post.go":        "deadlines of reading and writing",
				"transport/socket.go":      "deadlines of reading and writing",
				"transport/stream.go":      "deadlines of writing",
			},
			broken: `import clock "time"; func age(t clock.Time) clock.Duration { return clock.Since(t) }`,
		},
		{
			name:    "only the ledger and the migrations begin transactions",
			applies: func(s source) bool { return !s.test() && s.folder() != "ledger" },
			breaks:  calls("Transaction", "Begin", "BeginTx", "BeginFunc", "BeginTxFunc"),
			allowed: map[string]string{
				"bench/baseline_transaction.go": "what the ledger is measured against",
				"catalog/transact.go":           "products and texts, which move no tokens",
				"reports/insights.go":           "reads of one instant, with more time than others",
				"notify/dispatch.go":            "jobs for warnings that are committed already",
			},
			broken: `func f(db *gorm.DB) { db.WithContext(ctx).Transaction(nil) }`,
		},
		{
			name:    "tests wait for what they wait for, unless their clock is synthetic",
			applies: source.test,
			breaks:  sleeps,
			allowed: map[string]string{
				"provider/chain_test.go": "a provider that does not hear its context, on a synthetic clock",
			},
			broken: `import "time"; func f() { time.Sleep(time.Second) }`,
		},
		{
			name:    "a package has no variables but errors and constants that the language has no constants for",
			applies: func(s source) bool { return !s.test() && !s.generated() },
			breaks:  variables,
			allowed: map[string]string{
				"postgres/pgtest/servers.go": "the servers that a test process shares",
			},
			broken: `import "sync"; var cache = map[string]int{}; func f() { cache["a"] = 1 }`,
		},
		{
			name:    "nothing is left to be done",
			applies: func(s source) bool { return !s.generated() },
			breaks:  marks,
			broken:  "// " + "TO" + "DO: more.",
		},
		{
			name:    "a file is a few pages long",
			applies: func(s source) bool { return !s.generated() },
			breaks:  tooLong,
			broken:  strings.Repeat("\n", longestFile+1),
		},
	}
}

func TestTheSourcesKeepTheConventions(t *testing.T) {
	sources := readSources(t)
	for _, c := range conventions() {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			unused := map[string]bool{}
			for name := range c.allowed {
				unused[name] = true
			}
			for _, s := range sources {
				if !c.applies(s) {
					continue
				}
				places := c.breaks(s)
				if len(places) > 0 && c.allowed[s.path] != "" {
					delete(unused, s.path)
					continue
				}
				for _, pos := range places {
					t.Error(s.at(pos))
				}
			}
			for name := range unused {
				t.Errorf("%s keeps the rule and needs no exception", name)
			}
		})
	}
}

func TestEachConventionFindsAFileThatBreaksIt(t *testing.T) {
	for _, c := range conventions() {
		name := "somewhere/file.go"
		if !c.applies(source{path: name, file: &ast.File{Name: ast.NewIdent("somewhere")}}) {
			name = "somewhere/file_test.go"
		}
		s, err := parseSource(name, "package somewhere; "+c.broken+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if !c.applies(s) || len(c.breaks(s)) == 0 {
			t.Errorf("%q accepts %s", c.name, c.broken)
		}
	}
}

// uses finds where a file names something of an imported package.
func uses(imported string, names ...string) func(source) []token.Pos {
	return func(s source) []token.Pos {
		var places []token.Pos
		ast.Inspect(s.file, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok && isFrom(s, selector, imported) && slices.Contains(names, selector.Sel.Name) {
				places = append(places, n.Pos())
			}
			return true
		})
		return places
	}
}

// isFrom says whether the selector names something of the imported package.
func isFrom(s source, selector *ast.SelectorExpr, imported string) bool {
	x, ok := selector.X.(*ast.Ident)
	if !ok {
		return false
	}
	for i, spec := range s.file.Imports {
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if s.imports()[i] == imported && x.Name == name {
			return true
		}
	}
	return false
}

// calls finds the calls of methods with one of the names, of whatever type.
func calls(names ...string) func(source) []token.Pos {
	return func(s source) []token.Pos {
		var places []token.Pos
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(names, method.Sel.Name) {
					places = append(places, n.Pos())
				}
			}
			return true
		})
		return places
	}
}

// sleeps finds time.Sleep outside of synctest.Test, in which sleeping takes no time and wakes exactly.
func sleeps(s source) []token.Pos {
	var places []token.Pos
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if ok && f.Sel.Name == "Sleep" && isFrom(s, f, "time") {
			places = append(places, call.Pos())
		}
		return !(ok && f.Sel.Name == "Test" && isFrom(s, f, "testing/synctest"))
	})
	return places
}

// marks finds comments that put work off.
func marks(s source) []token.Pos {
	unfinished := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	var places []token.Pos
	for _, group := range s.file.Comments {
		for _, comment := range group.List {
			if unfinished.MatchString(comment.Text) {
				places = append(places, comment.Pos())
			}
		}
	}
	return places
}

func tooLong(s source) []token.Pos {
	if s.lines() <= longestFile {
		return nil
	}
	return []token.Pos{s.file.Package}
}

// variables finds package variables that are neither errors, nor embedded files, nor tables that nothing writes to.
func variables(s source) []token.Pos {
	var places []token.Pos
	for _, declaration := range s.file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			variable := spec.(*ast.ValueSpec)
			if variable.Names[0].Name == "_" || embeds(general, variable) {
				continue
			}
			if !isFixed(s, variable) || isWritten(s.file, variable.Names) {
				places = append(places, variable.Pos())
			}
		}
	}
	return places
}

func embeds(declaration *ast.GenDecl, variable *ast.ValueSpec) bool {
	for _, group := range []*ast.CommentGroup{declaration.Doc, variable.Doc} {
		if group == nil {
			continue
		}
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// isFixed says whether the variable's value is made of literals, errors and compiled expressions.
func isFixed(s source, variable *ast.ValueSpec) bool {
	fixed := len(variable.Values) > 0
	for _, value := range variable.Values {
		ast.Inspect(value, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr:
				fixed = fixed && makesConstant(s, n)
			case *ast.CompositeLit:
				if holder, ok := n.Type.(*ast.SelectorExpr); ok {
					fixed = fixed && !isFrom(s, holder, "sync") && !isFrom(s, holder, "sync/atomic")
				}
			case *ast.UnaryExpr:
				fixed = fixed && n.Op != token.AND && n.Op != token.ARROW
			}
			return true
		})
	}
	return fixed
}

// makesConstant says whether a call makes what would be a constant if the language had constants of its type: an
// error, a compiled expression, a converted literal.
func makesConstant(s source, call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.ArrayType:
		return true
	case *ast.SelectorExpr:
		return isFrom(s, f, "errors") || isFrom(s, f, "regexp") || f.Sel.Name == "Errorf" && isFrom(s, f, "fmt") ||
			f.Sel.Name == "NewReplacer" && isFrom(s, f, "strings")
	default:
		return false
	}
}

// isWritten says whether the file assigns to something with the name of one of the variables, to a part of it, or
// takes its address.
func isWritten(file *ast.File, names []*ast.Ident) bool {
	written := false
	check := func(target ast.Expr) {
		root := rootOf(target)
		for _, name := range names {
			written = written || root != nil && root.Name == name.Name
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					check(target)
				}
			}
		case *ast.IncDecStmt:
			check(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				check(n.X)
			}
		}
		return true
	})
	return written
}

// rootOf is the variable that an expression such as x.f[i] is a part of.
func rootOf(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return rootOf(e.X)
	case *ast.IndexExpr:
		return rootOf(e.X)
	case *ast.StarExpr:
		return rootOf(e.X)
	case *ast.ParenExpr:
		return rootOf(e.X)
	default:
		return nil
	}
}
