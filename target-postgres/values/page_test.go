package values

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/values.md anew")

// TestPoliciesPage holds docs/values.md against Policies; make generate writes it.
func TestPoliciesPage(t *testing.T) {
	t.Parallel()
	const path = "../../docs/values.md"
	var page strings.Builder
	page.WriteString("# What becomes of a value\n\nHow `target-postgres` treats values that do not go into their column as they are. " +
		"A rejected record goes to `_signalroom_rejects` with the reason given here; the rest of its batch is loaded. " +
		"What is counted is said in one line at the end of the run.\n\n| value | column | result |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "_", `\_`).Replace
	for _, p := range Policies() {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", cell(p.Value), cell(p.Column), cell(p.Result))
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page.String()), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, page.String(), string(have), "run make generate")
}
