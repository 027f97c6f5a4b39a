package lenient

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestSender sets members, leaves secrets behind, and says once what was odd.
func TestSender(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    string          `json:"id" tap:"key"`
		Cost  float64         `json:"cost"`
		Zone  string          `json:"zone"`
		Extra json.RawMessage `json:"extra"`
	}
	stream := tap.Typed[row](tap.Stream{Name: "rows", Disposition: protocol.Merge})
	stream.Read = func(_ context.Context, out *tap.Output) error {
		sender, err := NewSender(out, stream.Columns, time.UTC)
		if err != nil {
			return err
		}
		defer sender.End()
		if err := sender.Send([]byte(`{"id":7,"cost":"1.50","zone":"theirs"}`), Text("zone", `"ours"`)); err != nil {
			return err
		}
		sender.Secrets, sender.MaskURLs = []string{"token"}, true
		for _, row := range []string{`{"id":"a","token":"s3cr3t","extra":{"url":"https://a.example/?key=s3cr3t","token":1}}`, `{"id":"b","cost":"x"}`, `{"id":"c","cost":[],"zone":{}}`} {
			if err := sender.Send([]byte(row)); err != nil {
				return err
			}
		}
		require.ErrorContains(t, sender.Send([]byte(`[1]`)), "no JSON object")
		return nil
	}
	program := tap.Tap[struct{ tap.Settings }]{Name: "tap-toy", Open: func(*struct{ tap.Settings }, *tap.Run) (*tap.Source, error) {
		return &tap.Source{Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
			return []tap.Stream{stream}, nil
		}}, nil
	}}
	out := taptest.Run(t, program, taptest.Input{})
	require.Zero(t, out.Code, out.Stderr)
	var got []string
	for _, record := range taptest.Records(out.Messages, "rows") {
		got = append(got, string(record))
	}
	require.Equal(t, []string{`{"zone":"\"ours\"","id":"7","cost":1.50}`, `{"id":"a","extra":{"url":"https://a.example/?key=****"}}`,
		`{"id":"b","cost":null,"cost_as_sent":"x"}`, `{"id":"c","cost":null,"cost_as_sent":[],"zone":null,"zone_as_sent":{}}`}, got)
	require.Contains(t, out.Stderr, "cost (2), zone (1)")
}

func TestAppendWithout(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`{"a":1,"token":"s","b":{"ssl":{},"c":[{"token":"s","d":null}]}}`: `{"a":1,"b":{"c":[{"d":null}]}}`,
		`[ ]`:                               `[]`,
		`{ }`:                               `{}`,
		`[1 , {"token":1} ,"x", [true,[]]]`: `[1,{},"x",[true,[]]]`,
		`"https://a.example/?x=1\u0026token=abc#f"`:                  `"https://a.example/?x=1&token=****#f"`,
		`"https://a.example/?api_key=abc&clickid={clickid}"`:         `"https://a.example/?api_key=****&clickid={clickid}"`,
		`"<a href='https://a.example/?key=abc'>b & c"`:               `"<a href='https://a.example/?key=****'>b & c"`,
		`"https://a.example/?security_token=abc"`:                    `"https://a.example/?security_token=****"`,
		`"https://a.example/?token={token}&key=[key]&sig=${s}"`:      `"https://a.example/?token={token}&key=[key]&sig=${s}"`,
		`"https://a.example/?keyword=shoes&monkey=1&tokens=2&key="`:  `"https://a.example/?keyword=shoes&monkey=1&tokens=2&key="`,
		`"https://a.example/?Access-Token=abc&author=me&PASSWORD=x"`: `"https://a.example/?Access-Token=****&author=me&PASSWORD=****"`,
	} {
		s := &Sender{Secrets: []string{"token", "ssl"}, MaskURLs: true}
		require.Equal(t, want, string(s.appendWithout(nil, []byte(value))))
	}
}
