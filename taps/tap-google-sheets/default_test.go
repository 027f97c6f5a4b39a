package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestDefaultCredentials has none in the settings: a machine of Google's gives a token, and any other one nothing. It runs the binary, as
// Google's library reads the environment of the process.
func TestDefaultCredentials(t *testing.T) {
	t.Parallel()
	binary := taptest.Build(t, ".")
	url := serveBig(t, 3)
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		switch r.URL.Path {
		case "/computeMetadata/v1/instance/service-accounts/default/token":
			fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":3599}`)
		case "/computeMetadata/v1/universe/universe-domain", "/computeMetadata/v1/universe/universe_domain":
			fmt.Fprint(w, "googleapis.com")
		default:
			fmt.Fprint(w, "project")
		}
	}))
	t.Cleanup(metadata.Close)
	run := func(env ...string) (string, error) {
		command := exec.Command(binary, "--base-url", url, "--spreadsheets", idOne, "--change-detection", "off")
		command.Env = append([]string{"HOME=" + t.TempDir()}, env...)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	out, err := run("GCE_METADATA_HOST=" + strings.TrimPrefix(metadata.URL, "http://"))
	require.NoError(t, err, out)
	require.Contains(t, out, `"_row_number":3`)

	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	out, err = run("GCE_METADATA_HOST=" + strings.TrimPrefix(nothing.URL, "http://"))
	require.Error(t, err)
	require.Contains(t, out, "Google gives no token")
	require.Contains(t, out, "check the credentials")
}
