// Package tap is all that a tap may import beside protocol, with the packages below it: rest talks to an HTTP API, auth has its
// credentials, windows reads by spans of time, lenient makes rows fit their columns, kinds finds columns by their values, taptest is for
// tests.
//
// A tap declares a [Tap]: its settings, a cheap check, and its streams. The package does the rest once for all taps:
// flags, environment and files, discovery and the catalog, selection, client tagging, column rules, bookmarks and
// STATE lines, signals, logs, metrics and exit codes.
//
// # A whole tap
//
//	// Config is the only place where a setting is named.
//	type Config struct {
//		tap.Settings
//		APIKey string `json:"api_key" secret:"" required:"" help:"Key with read scope."`
//	}
//
//	// Order is one line per column.
//	type Order struct {
//		ID        int64     `json:"id" tap:"key"`
//		Total     float64   `json:"total"`
//		UpdatedAt time.Time `json:"updated_at" tap:"cursor"`
//	}
//
//	// Reached is the bookmark of orders: all that changed before Until has been sent.
//	type Reached struct {
//		Until time.Time `json:"until"`
//	}
//
//	func open(config *Config, run *tap.Run) (*tap.Source, error) {
//		api := newAPI(config)
//		orders := tap.Typed[Order](tap.Stream{Name: "orders", Disposition: protocol.Merge, Read: func(ctx context.Context, out *tap.Output) error {
//			reached := Reached{Until: config.StartDate}
//			if _, err := out.Bookmark(&reached); err != nil {
//				return err
//			}
//			for page, err := range api.orders(ctx, reached.Until, run.Start) {
//				if err != nil {
//					return err
//				}
//				for _, order := range page.Orders {
//					if err := out.Record(order); err != nil {
//						return err
//					}
//				}
//				reached.Until = page.Until
//				if err := out.State(&reached); err != nil {
//					return err
//				}
//			}
//			return nil
//		}})
//		return &tap.Source{
//			Check:   api.check,
//			Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) { return []tap.Stream{orders}, nil },
//		}, nil
//	}
//
//	func main() { tap.Main(tap.Tap[Config]{Name: "tap-acme", Description: "Orders of Acme", Open: open}) }
//
// # What a tap may rely on
//
// Streams are read one after another, each by one call of Read on one goroutine. A bookmark is what [Output.State] was given, encoded
// at the latest when Read returns, whatever it returns; so it must at no time cover a row that was not sent. What was sent after the
// last bookmark comes again in the next run.
//
// # Two protocols
//
// A tap does not know which one it speaks: the first word of the command line decides, and one loop tells a wire what happens. What a tap
// has to know of Airbyte is this: a stream that is replaced is never left out as [Output.Unchanged] there, as its rows would be replaced with
// none; and a wait that the source asks for is told with [Waits].
//
// # How a run ends
//
// A stream that fails does not keep the others from being read, unless the fault is the machine's (kind system) or the configuration's
// without the name of a stream. Whatever happened, the last state goes out, and the exit code is that of the worst fault: a defect
// or the machine, then the configuration, then data, then what passes by itself. A signal lets the stream under way come to its next
// checkpoint, for five seconds at most.
package tap
