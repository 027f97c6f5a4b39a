package tap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// TestMain makes the test binary a tap when it is asked to be one, and otherwise looks for goroutines that a run left behind.
func TestMain(m *testing.M) {
	if os.Getenv("TAP_TOY_PROCESS") != "" {
		tap.Main(toy(nil))
	}
	goleak.VerifyTestMain(m)
}

// toyConfig is a settings struct with everything in it that the package offers.
type toyConfig struct {
	tap.Settings
	Token string `json:"token" secret:"" required:"" help:"Token of the API."`
	Rows  int    `json:"rows" default:"10" help:"Rows of every stream."`
	Every int    `json:"every" default:"3" help:"Rows between two checkpoints."`
	Fail  string `json:"fail" help:"Stream that fails, a colon, and how."`
	Wait  bool   `json:"wait" help:"Send one row every millisecond."`
	Stuck bool   `json:"stuck" help:"Hang before the first row, whatever happens."`
}

// order is a record type; the struct tags say the rest.
type order struct {
	ID        int64           `json:"id" tap:"key"`
	Email     *string         `json:"email"`
	Card      string          `json:"card"`
	Total     string          `json:"total"`
	Address   address         `json:"address"`
	Extra     json.RawMessage `json:"extra"`
	Note      *string         `json:"note" tap:"unselected"`
	UpdatedAt time.Time       `json:"updated_at" tap:"cursor"`
}

type address struct {
	City string `json:"city"`
	Zip  string `json:"zip"`
}

// position is the bookmark of the toy's streams.
type position struct {
	ID int `json:"id"`
}

func (p *position) String() string { return "row " + strconv.Itoa(p.ID) }

// at is called before every row; a test uses it to let things happen in the middle of a stream.
type at func(stream string, row int)

// toy is a tap of four streams: orders (merge, by record type), events (append without a key, whose columns change on the
// way), plans (replace) and rejected, which events feeds.
func toy(before at) tap.Tap[toyConfig] {
	return tap.Tap[toyConfig]{
		Name:        "tap-toy",
		Description: "Rows made up for tests",
		Open: func(config *toyConfig, run *tap.Run) (*tap.Source, error) {
			t := &toySource{config: config, run: run, before: before}
			return &tap.Source{Check: t.check, Streams: t.streams, Close: func() error { return nil }}, nil
		},
	}
}

type toySource struct {
	config *toyConfig
	run    *tap.Run
	before at
}

func (t *toySource) check(context.Context) error {
	if t.config.Token == "wrong" {
		return protocol.ConfigFault("set another token", "the API refuses the token")
	}
	return nil
}

func (t *toySource) streams(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
	column := func(name, schema string) tap.Column { return tap.Column{Name: name, Schema: json.RawMessage(schema)} }
	return []tap.Stream{
		tap.Typed[order](tap.Stream{Name: "orders", Disposition: protocol.Merge, Read: t.orders}),
		{Name: "events", Disposition: protocol.Append, Columns: []tap.Column{column("n", `{"type":"integer"}`)}, Read: t.events},
		{Name: "plans", Description: "What can be bought", Disposition: protocol.Replace, Key: []string{"code"}, Read: t.plans, Columns: []tap.Column{
			column("code", `{"type":"string"}`), column("client_id", `{"type":["null","string"]}`)}},
		{Name: "rejected", Disposition: protocol.Append, Columns: []tap.Column{column("reason", `{"type":["null","string"]}`)}},
	}, nil
}

// rows sends rows from where the bookmark stands, with a checkpoint after every few.
func (t *toySource) rows(ctx context.Context, out *tap.Output, stream string, send func(id int) error) error {
	var reached position
	if _, err := out.Bookmark(&reached); err != nil {
		return err
	}
	if t.config.Stuck {
		<-make(chan struct{})
	}
	for id := reached.ID + 1; id <= t.config.Rows; id++ {
		if !t.run.Shard.Owns(strconv.Itoa(id)) {
			continue
		}
		if t.before != nil {
			t.before(stream, id)
		}
		if t.config.Wait {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		if t.config.Fail != "" && id > t.config.Rows/2 {
			if err := failure(t.config.Fail, stream); err != nil {
				return err
			}
		}
		if err := send(id); err != nil {
			return err
		}
		if reached.ID = id; id%t.config.Every == 0 {
			if err := out.State(&reached); err != nil {
				return err
			}
		}
	}
	return out.State(&reached)
}

// failure is what the setting fail asks of a stream.
func failure(setting, stream string) error {
	switch setting {
	case stream + ":transient":
		return protocol.TransientFault("try again later", "the API is gone")
	case stream + ":data":
		return protocol.DataFault("", "half of a page is missing")
	case stream + ":config":
		return protocol.ConfigFault("give the token more rights", "the token is refused")
	case stream + ":stream-config":
		fault := protocol.ConfigFault("give the token more rights", "the token is refused here")
		fault.Stream = stream
		return fault
	case stream + ":defect":
		return fmt.Errorf("index out of range")
	case stream + ":panic":
		panic("a defect")
	}
	return nil
}

func (t *toySource) orders(ctx context.Context, out *tap.Output) error {
	return t.rows(ctx, out, "orders", func(id int) error {
		return out.Record(fmt.Appendf(nil, `{"id":%d,"email":"user%d@example.com","card":"4111-1111-1111-%04d","total":"%d.10",
			"address":{"city":"Bern","zip":"%d"},"extra":[1,{"a":null}],"note":"n","updated_at":"2026-01-02T03:04:05Z"}`, id, id, id, id, 3000+id))
	})
}

func (t *toySource) events(ctx context.Context, out *tap.Output) error {
	widened := false
	return t.rows(ctx, out, "events", func(id int) error {
		if id < 5 {
			return out.Row(fmt.Appendf(nil, `"n":%d`, id))
		}
		if !widened {
			widened = true
			wider := []tap.Column{{Name: "n", Schema: json.RawMessage(`{"type":["integer","string"]}`)}}
			if err := out.SetColumns(wider); err != nil {
				return err
			}
		}
		if id == 5 {
			if err := out.To("rejected").Row([]byte(`"reason":"not a number"`)); err != nil {
				return err
			}
		}
		return out.Row(fmt.Appendf(nil, `"n":"%d"`, id))
	})
}

func (t *toySource) plans(_ context.Context, out *tap.Output) error {
	for id := 1; id <= t.config.Rows; id++ {
		if t.config.Fail != "" && id > t.config.Rows/2 {
			if err := failure(t.config.Fail, "plans"); err != nil {
				return err
			}
		}
		row := fmt.Appendf(nil, `"code":"p%d"`, id)
		if out.Keep("client_id") == tap.Whole {
			row = append(row, `,"client_id":"theirs"`...)
		}
		if err := out.Row(row); err != nil {
			return err
		}
	}
	return nil
}
