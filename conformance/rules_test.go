package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/signalroom/signalroom"

// A listedPackage is what `go list` says of one.
type listedPackage struct {
	ImportPath, Name, Dir, Doc string
	GoFiles, Deps, Imports     []string
	TestImports, XTestImports  []string
}

// area is the folder that decides what a package may import: the first one below the module's root, and taps/tap-x for a tap.
func area(importPath string) string {
	path := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	parts := strings.Split(path, "/")
	if parts[0] == "taps" && len(parts) > 1 {
		return "taps/" + parts[1]
	}
	return parts[0]
}

// mayImport is the rule of who may know whom among our packages. Any other package may be imported.
func mayImport(from, to string) bool {
	if from == to {
		return true
	}
	switch {
	case from == "protocol":
		return false
	case from == "taps/tap" || from == "target-postgres":
		return to == "protocol"
	case strings.HasPrefix(from, "taps/"):
		return to == "protocol" || to == "taps/tap"
	}
	return true // conformance, release and examples see everything
}

func packages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Dir,Doc,GoFiles,Deps,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var ours []listedPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		if p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/") {
			ours = append(ours, p)
		}
	}
	require.Greater(t, len(ours), 10)
	return ours
}

func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	require.NoError(t, err)
	return dir
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from := area(p.ImportPath)
		for _, dep := range slices.Concat(p.Deps, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(dep, module) && !mayImport(from, area(dep)) {
				t.Errorf("%s or its test depends on %s: nothing in %s may know %s", p.ImportPath, dep, from, area(dep))
			}
		}
	}
}

// TestProgramsHoldNoTestCode keeps what tests share out of the programs.
func TestProgramsHoldNoTestCode(t *testing.T) {
	t.Parallel()
	ours := map[string]listedPackage{}
	for _, p := range packages(t) {
		ours[p.ImportPath] = p
	}
	for _, program := range ours {
		if program.Name != "main" || area(program.ImportPath) == "conformance" || area(program.ImportPath) == "examples" {
			continue
		}
		for _, dep := range program.Deps {
			if slices.Contains(ours[dep].Imports, "testing") {
				t.Errorf("%s holds %s, which is for tests", program.ImportPath, dep)
			}
		}
	}
}

func TestImportRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"protocol", "taps/tap", false},
		{"taps/tap", "protocol", true},
		{"taps/tap", "taps/tap-posthog", false},
		{"taps/tap-posthog", "taps/tap-mautic", false},
		{"taps/tap-posthog", "taps/tap", true},
		{"taps/tap-posthog", "target-postgres", false},
		{"target-postgres", "taps/tap", false},
		{"target-postgres", "conformance", false},
		{"conformance", "target-postgres", true},
	} {
		require.Equal(t, c.want, mayImport(c.from, c.to), "%s imports %s", c.from, c.to)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		start := "Package " + p.Name + " "
		if !strings.HasPrefix(p.Doc, start) || len(p.Doc) < len(start)+20 {
			t.Errorf("%s: the package comment should begin with %q and say what the package promises; it is %q", p.ImportPath, start, p.Doc)
		}
	}
}

// TestSource finds what only main may do, or nobody: print to standard output, end the process, use the standard logger, run code before main.
func TestSource(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		// The programs' main function is the one place that may end a process.
		program := area(p.ImportPath) != "conformance" && area(p.ImportPath) != "examples"
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, imported := range file.Imports {
				if value, _ := strconv.Unquote(imported.Path.Value); value == "log" && program && !strings.HasSuffix(p.ImportPath, "test") {
					t.Errorf("%s: imports the standard logger; use the slog.Logger that is passed in", files.Position(imported.Pos()))
				}
			}
			inspect(t, files, file, program)
		}
	}
}

func inspect(t *testing.T, files *token.FileSet, file *ast.File, program bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				t.Errorf("%s: code before main", files.Position(n.Pos()))
			}
			if n.Recv == nil && (n.Name.Name == "main" || n.Name.Name == "Main") {
				return false
			}
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch call := name.Name + "." + selector.Sel.Name; call {
			case "fmt.Print", "fmt.Println", "fmt.Printf", "os.Exit":
				if program {
					t.Errorf("%s: %s outside main", files.Position(n.Pos()), call)
				}
			}
		}
		return true
	})
}

// TestNoFileNamesThisCheckout finds paths of the machine that a file was written on.
func TestNoFileNamesThisCheckout(t *testing.T) {
	t.Parallel()
	checkout := []byte(root(t) + string(filepath.Separator))
	kinds := []string{".go", ".md", ".sh", ".json", ".sql", ".tmpl", ""}
	for _, path := range files(t, func(name string) bool { return slices.Contains(kinds, filepath.Ext(name)) }) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if bytes.Contains(text, checkout) {
			t.Errorf("%s names %s", path, checkout)
		}
	}
}
