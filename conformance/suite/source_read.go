package suite

import (
	"errors"
	"strings"
	"syscall"
)

// readAllOnce is the complete read, which is made once.
func (s *session) readAllOnce() (*transcript, error) {
	if _, err := s.streams(); err != nil {
		return nil, err
	}
	if s.source.whole == nil {
		t, err := s.readEverything("")
		if err != nil {
			return nil, err
		}
		s.source.whole = t
	}
	return s.source.whole, nil
}

// onRead is a check of the complete read.
func onRead(check func(*transcript) error) func(*session) error {
	return func(s *session) error {
		t, err := s.readAllOnce()
		if err != nil {
			return err
		}
		return check(t)
	}
}

func sourceEndsWell(t *transcript) error {
	if err := t.succeeded(); err != nil {
		return err
	}
	if len(t.of("RECORD")) == 0 {
		return errors.New("it sends no record: point it at a source that has rows")
	}
	return nil
}

// counts are the records of each stream that has some.
func (t *transcript) counts() map[streamName]int {
	counts := map[streamName]int{}
	for _, m := range t.of("RECORD") {
		counts[m.recordStream()]++
	}
	return counts
}

func sameCounts(want, got *transcript) error {
	var p problems
	a, b := want.counts(), got.counts()
	for _, at := range inOrder(a) {
		if a[at] != b[at] {
			p.add("%v: %d records, and %d in the first read", at, b[at], a[at])
		}
	}
	return p.err()
}

// byStreamName are the streams of the configured catalog.
func (s *session) byStreamName() (map[streamName]map[string]any, error) {
	configured, err := s.configure()
	if err != nil {
		return nil, err
	}
	found := map[streamName]map[string]any{}
	for _, entry := range configured {
		stream, _ := entry["stream"].(map[string]any)
		found[streamNameOf(stream)] = stream
	}
	return found, nil
}

// readByStream is the complete read, and the streams of its configured catalog.
func (s *session) readByStream() (*transcript, map[streamName]map[string]any, error) {
	t, err := s.readAllOnce()
	if err != nil {
		return nil, nil, err
	}
	streams, err := s.byStreamName()
	return t, streams, err
}

// overSent visits each record of the complete read, with its stream of the configured catalog; nil when there is none.
func overSent(s *session, visit func(p *problems, m *envelope, stream map[string]any)) error {
	t, streams, err := s.readByStream()
	if err != nil {
		return err
	}
	records := t.of("RECORD")
	if len(records) == 0 {
		return notApplicable("it sends no record")
	}
	var p problems
	for _, m := range records {
		visit(&p, m, streams[m.recordStream()])
	}
	return p.err()
}

func onEachRecord(check func(p *problems, m *envelope, stream map[string]any)) func(*session) error {
	return func(s *session) error { return overSent(s, check) }
}

func knownStreams(p *problems, m *envelope, stream map[string]any) {
	if stream == nil {
		p.add("line %d: %v is not in the catalog", m.line, m.recordStream())
	}
}

func recordsNotEmpty(p *problems, m *envelope, _ map[string]any) {
	if data, _ := m.payload["data"].(map[string]any); len(data) == 0 {
		p.add("line %d, %v: no data", m.line, m.recordStream())
	}
}

func sourceKeysPresent(p *problems, m *envelope, stream map[string]any) {
	for _, path := range keyPaths(stream) {
		if follow(m.payload["data"], path) == nil {
			p.add("line %d, %v: no value of key %q", m.line, m.recordStream(), strings.Join(path, "."))
		}
	}
}

// sourceRecordsMatch is the check of each record against the schema of its stream: of the types or of the formats.
func sourceRecordsMatch(breach func(pair, any) error) func(*session) error {
	return func(s *session) error {
		compiled := map[streamName]pair{}
		return overSent(s, func(p *problems, m *envelope, stream map[string]any) {
			at := m.recordStream()
			both, ok := compiled[at]
			if !ok {
				schema, _ := stream["json_schema"].(map[string]any)
				both, _ = compile(schema) // discover/schemas reports it
				compiled[at] = both
			}
			if err := breach(both, m.payload["data"]); err != nil {
				p.add("line %d, %v: %v", m.line, at, err)
			}
		})
	}
}

func follow(value any, path []string) any {
	for _, name := range path {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}

func sourceDebug(s *session) error {
	streams, err := s.configure()
	if err != nil {
		return err
	}
	args, err := s.readArguments(streams, "")
	if err != nil {
		return err
	}
	t, err := s.verb([]string{"LOG_LEVEL=DEBUG"}, append(args, "--debug")...)
	if err != nil {
		return err
	}
	return errors.Join(t.succeeded(), t.grammar())
}

// startedRead is a read that has printed its first line.
func (s *session) startedRead() (*running, error) {
	streams, err := s.configure()
	if err != nil {
		return nil, err
	}
	args, err := s.readArguments(streams, "")
	if err != nil {
		return nil, err
	}
	return s.begun(args)
}

func sourceSigterm(s *session) error {
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	l, err := s.startedRead()
	if err != nil {
		return err
	}
	l.signal(syscall.SIGTERM)
	t := transcribe(l.end())
	var p problems
	finished := t.code == 0 && len(t.of("RECORD")) >= len(whole.of("RECORD"))
	if finished && len(t.stdout) >= buffered || t.timedOut {
		p.add("it goes on to the end")
	}
	p.addError(t.grammar())
	if stackTrace.MatchString(t.stderr) {
		p.add("a stack trace")
	}
	if finished && len(p.told) == 0 {
		return notApplicable("the read is over before the signal comes; give it more to read")
	}
	return p.err()
}
