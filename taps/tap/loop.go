package tap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
)

// A loop reads the streams of one run, one after another.
type loop struct {
	*job
	ctx       context.Context
	wire      wire
	bookmarks bookmarks
	plans     []*plan
	outputs   map[string]*Output
	sample    bool         // --test: one record per stream
	tick      atomic.Int64 // seconds since the start
	sent      int64        // bytes of records
	faults    []error      // of which the worst decides the exit code
}

// sync reads the streams, or tests them.
func (j *job) sync(ctx context.Context) error {
	var catalog *protocol.Catalog
	if j.flags.Catalog != "" {
		var err error
		if catalog, err = loadCatalog(j.flags.Catalog); err != nil {
			return err
		}
	}
	state, err := loadState(j.flags.State, j.run.Log)
	if err != nil {
		return err
	}
	l := j.newLoop(ctx, state)
	l.wire = &singerWire{l, singer.NewWriter(j.program.Stdout)}
	l.sample = j.flags.Test != ""
	j.run.Sample = l.sample && j.flags.Test != "schema"
	if j.run.Sample && j.source.Check != nil {
		if err := j.source.Check(ctx); err != nil {
			return err
		}
		j.run.Log.Info("the connection works")
	}
	j.run.state = state
	plans, err := j.plan(ctx, func(stream string) json.RawMessage {
		if readsAnew(catalog, stream) {
			return nil
		}
		return state.Bookmark(stream)
	})
	if err != nil {
		return err
	}
	if err := choose(plans, catalog, j.settings.Select); err != nil {
		return err
	}
	if err := l.arrange(plans); err != nil {
		return err
	}
	if j.flags.Test == "schema" {
		return l.schemas()
	}
	defer l.everySecond()()
	return l.readAll()
}

func (j *job) newLoop(ctx context.Context, state *protocol.State) *loop {
	return &loop{job: j, ctx: ctx, outputs: map[string]*Output{},
		bookmarks: bookmarks{state: state, pace: pace{last: time.Now(), every: j.program.EveryCheckpoint}}}
}

// arrange makes the outputs of what was chosen.
func (l *loop) arrange(plans []*plan) error {
	unused, err := unusedRules(plans, l.settings.Columns)
	if err != nil {
		return err
	}
	if len(unused) > 0 {
		l.run.Log.Warn("setting columns: no column matches yet", "rules", unused)
	}
	l.plans = plans
	if !slices.ContainsFunc(plans, func(p *plan) bool { return p.selected }) {
		l.run.Log.Warn("no stream is selected")
	}
	for _, p := range plans {
		o := l.newOutput(p)
		l.outputs[p.Name] = o
		if !p.selected {
			continue
		}
		if err := o.SetColumns(p.Columns); err != nil {
			return err
		}
		if p.tagged() && slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Name == clientColumn }) {
			o.log.Warn("the source's own column client_id is left out: the setting client_id takes its place")
		}
	}
	return nil
}

func (l *loop) newOutput(p *plan) *Output {
	o := &Output{loop: l, plan: p, log: l.run.Log.With("stream", p.Name), kept: map[string]kept{}, careful: true, tick: -1}
	var constant []byte
	if p.tagged() {
		constant = append([]byte(`"`+clientColumn+`":`), p.clientValue()...)
	}
	o.records, o.stamp = l.wire.open(o, constant)
	if p.Disposition == protocol.Replace {
		o.stamp.Version(l.run.Start.UnixMilli())
	}
	return o
}

// schemas sends the schemas alone.
func (l *loop) schemas() error {
	for _, p := range l.plans {
		if o := l.outputs[p.Name]; p.selected {
			if err := o.sendSchema(); err != nil {
				return brokenOutput(err)
			}
			o.log.Info("schema sent", "columns", len(o.stream.Schema.Properties))
		}
	}
	if err := l.wire.flush(); err != nil {
		return brokenOutput(err)
	}
	return nil
}

// readAll reads every stream that is selected. A stream that fails does not keep the others from going on, unless the cause
// is theirs too.
func (l *loop) readAll() error {
	for _, p := range l.plans {
		o := l.outputs[p.Name]
		if !p.selected || p.Read != nil {
			continue
		}
		if err := l.wire.began(o); err != nil {
			return brokenOutput(err)
		}
		if len(o.columns) > 0 {
			if err := o.sendSchema(); err != nil {
				return brokenOutput(err)
			}
		}
	}
	for _, p := range l.plans {
		if !p.selected || p.Read == nil {
			continue
		}
		if (p.Whole || p.Disposition == protocol.Replace) && !l.run.Shard.Owns(p.Name) {
			l.outputs[p.Name].log.Info("another shard reads this stream", "shard", l.run.Shard.String())
			continue
		}
		all, err := l.read(p)
		if broken := l.wire.flush(); broken != nil {
			return brokenOutput(broken)
		}
		if l.stopped() {
			break
		}
		if err != nil {
			l.note(err)
			l.wire.failed(l.outputs[p.Name], err, all)
			if all {
				break
			}
		}
	}
	if err := l.finish(); err != nil {
		return err
	}
	if l.stopped() {
		return nil
	}
	return l.worst()
}

// read reads one stream, and sends what belongs to its end. all tells that an error is not the stream's alone: the machine's,
// or one of the settings that names no stream.
func (l *loop) read(p *plan) (all bool, err error) {
	o := l.outputs[p.Name]
	o.began = time.Now()
	if err := l.wire.began(o); err != nil {
		return true, err
	}
	if len(o.columns) > 0 && !p.Late {
		if err := o.sendSchema(); err != nil {
			return true, err
		}
	}
	err = l.stop.during(func() error { return p.Read(context.WithValue(l.ctx, reading{}, o), o) })
	o.took = time.Since(o.began)
	if errors.Is(err, ErrStopped) || (err != nil && l.stopped()) {
		o.incomplete = true
		err = nil
	}
	all = err != nil && concernsAll(err)
	o.incomplete = o.incomplete || err != nil || l.ctx.Err() != nil
	if err == nil {
		err = l.activate(o)
	}
	if printing := l.wire.ended(o); err == nil {
		err = printing
	}
	err = protocol.InStream(p.Name, err)
	l.run.Metrics.SyncDuration(p.Name, o.took, err)
	return all, err
}

// reading is the key of a stream's Output in the context of its Read, and aside that of what goes on beside it.
type (
	reading struct{}
	aside   struct{}
)

// StreamName is the name of the stream that a context given to a Read belongs to, empty for any other context.
func StreamName(ctx context.Context) string {
	if o, ok := ctx.Value(reading{}).(*Output); ok {
		return o.plan.Name
	}
	return ""
}

// Aside is the context for a goroutine that works for a Read beside it.
func Aside(ctx context.Context) context.Context { return context.WithValue(ctx, aside{}, true) }

// longWait is how long a pause is before which the state is printed, as the run may not live to see its end.
const longWait = 10 * time.Second

// Waits tells that a Read waits until then because its source says so: a rate limit. ctx is the Read's, or one made of it.
func Waits(ctx context.Context, until time.Time) {
	o, ok := ctx.Value(reading{}).(*Output)
	if !ok || o.loop.sample {
		return
	}
	if ctx.Value(aside{}) == nil && time.Until(until) >= longWait {
		// The first error sticks: the next row gets it too.
		_ = o.loop.wire.checkpoint()
		_ = o.loop.wire.flush()
	}
	o.loop.wire.waits(o, until)
}

// activate tells that a replace stream has sent its whole new set.
func (l *loop) activate(o *Output) error {
	if o.plan.Disposition != protocol.Replace || o.incomplete || l.sample {
		return nil
	}
	o.settled = true
	if o.unchanged {
		return nil
	}
	if o.schemaDue { // there was no row to send it before
		if err := o.sendSchema(); err != nil {
			return err
		}
	}
	return l.wire.activate(o, l.run.Start.UnixMilli())
}

// finish ends the run: streams that others fed, the last state, and a summary.
func (l *loop) finish() error {
	whole := len(l.faults) == 0 && !l.stopped()
	for _, p := range l.plans {
		o := l.outputs[p.Name]
		// In a shard, no rows mean that another one reads the stream that feeds this one.
		if !p.selected || p.Read != nil {
			continue
		}
		if o.incomplete = o.incomplete || !whole; whole && (o.rows > 0 || l.run.Shard.Count == 1) {
			if err := l.activate(o); err != nil {
				return brokenOutput(err)
			}
		}
		if err := l.wire.ended(o); err != nil {
			return brokenOutput(err)
		}
	}
	if err := l.wire.finish(); err != nil {
		return brokenOutput(err)
	}
	if err := l.wire.flush(); err != nil {
		return brokenOutput(err)
	}
	l.progress.live.Erase()
	for _, p := range l.plans {
		if p.selected {
			l.outputs[p.Name].count()
		}
	}
	l.run.summarize = l.summarize
	return nil
}

// summarize says what became of every stream.
func (l *loop) summarize() {
	for _, p := range l.plans {
		if p.selected {
			l.outputs[p.Name].summarize()
		}
	}
}

// note remembers a fault for the exit code.
func (l *loop) note(err error) { l.faults = append(l.faults, err) }

// worst is the fault that decides the exit code: what somebody must mend comes before what passes by itself.
func (l *loop) worst() error {
	if len(l.faults) == 0 {
		return nil
	}
	worst := slices.MinFunc(l.faults, func(a, b error) int {
		return cmp.Compare(protocol.ExitCode(a), protocol.ExitCode(b))
	})
	if others := len(l.faults) - 1; others > 0 {
		l.run.Log.Error("more than one fault, see above", "faults", others+1)
	}
	return worst
}

// concernsAll tells whether going on with another stream is pointless.
func concernsAll(err error) bool {
	var fault *protocol.Fault
	switch protocol.KindOf(err) {
	case protocol.System:
		return true
	case protocol.Config:
		return errors.As(err, &fault) && fault.Stream == ""
	}
	return false
}

func (l *loop) stopped() bool { return l.stop.signal() != nil }

// everySecond flushes what a slow source has sent, and lets time go on for the rows, until end is called.
func (l *loop) everySecond() (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.tick.Add(1)
				// The first error sticks: the next row gets it too.
				_ = l.wire.flush()
				l.progress.draw()
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
