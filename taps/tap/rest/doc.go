// Package rest is how a tap talks to an HTTP API: one client with pacing, retry, credentials and faults, and lists of rows that
// are read while they come.
//
// # A tap by example
//
//	type Config struct {
//		tap.Settings
//		tap.HTTPSettings // base_url, user_agent, request_timeout, max_retries, requests_per_minute
//		APIKey string `json:"api_key" secret:"" required:"" help:"Key with read scope."`
//	}
//
//	func open(config *Config, run *tap.Run) (*tap.Source, error) {
//		api, err := rest.New(run, &config.HTTPSettings, rest.API{
//			Name: "Acme",
//			Base: "https://api.acme.example/v1",
//			Auth: auth.Bearer(config.APIKey),
//			Limits: rest.Limits{
//				Rates:    []rest.Rate{{Requests: 240, Per: time.Minute}, {Requests: 2400, Per: time.Hour}},
//				Parallel: 3,
//			},
//			Judge: judge,
//		})
//		if err != nil {
//			return nil, err
//		}
//		orders := rest.List{
//			Request: rest.Request{Path: "orders/", Query: url.Values{"sort": {"id"}}},
//			Rows:    []string{"results"},
//			Pager:   rest.Numbered{Param: "page", SizeParam: "per_page", Size: 100, First: 1},
//		}
//		return &tap.Source{
//			Check: func(ctx context.Context) error { return api.JSON(ctx, &rest.Request{Path: "me/"}, new(struct{})) },
//			Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
//				return []tap.Stream{tap.Typed[Order](tap.Stream{Name: "orders", Disposition: protocol.Replace, Read: func(ctx context.Context, out *tap.Output) error {
//					for row, err := range api.Rows(ctx, orders) {
//						if err != nil {
//							return err
//						}
//						if err := out.Record(row); err != nil {
//							return err
//						}
//					}
//					return nil
//				}})}, nil
//			},
//			Close: api.Close,
//		}, nil
//	}
//
//	// judge knows what Acme's own error codes mean.
//	func judge(f *rest.Failure, v *rest.Verdict) {
//		switch {
//		case f.Status == 403 && rest.Text(rest.Member(f.Body, "code")) == "missing_scope":
//			v.Fault = protocol.ConfigFault("give the key the scope that is named", "%w", f)
//		case f.Status == 512: // a query that would take too long: the tap asks for less
//			v.Retry = false
//		}
//	}
//
// # What may be relied on
//
// Limits hold for all requests of a [Client] together, however many run side by side: in no span of a rate's length are more requests
// sent than it allows. An API that counts its endpoints in families has a client for each, made by [Client.Within].
//
// A request that fails is judged by one table (see [Verdict]): credentials and wrong addresses end it as a Config fault, 429 and
// the server's own faults are tried again, max_retries times, with growing waits or as long as the API says. What the
// API asks to wait for is no try; all of it together is bounded by [API.MaxWait]. An answer that breaks off, or is no JSON, is asked
// for again too. A run in which much fails stops adding tries.
//
// Rows are given as they came, byte by byte: numbers stay exact, unknown members are kept. Their answers are never held as a whole: a walk
// takes about 1 MiB, or four times the largest row, and asks for the next answer while the rows of the last one are used.
//
// Redirects are followed for a GET within the same host alone. Nothing that is logged holds a query, a header or a body.
//
// # Tests
//
// Package taptest has the other side: a server that refuses what it does not know, counts against limits and misbehaves, and
// runs under [testing/synctest], where waits of hours take no time.
package rest
