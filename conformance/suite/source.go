package suite

// Source are the checks of an Airbyte source, in the order of their making.
func Source() []Check {
	checks := append(specChecks(), checkChecks()...)
	checks = append(checks, []Check{
		{"discover/catalog", Must, "discover prints one CATALOG of streams with unique names.", sourceDiscovers},
		{"discover/schemas", Must, "A stream whose json_schema has no properties ends the platform's sync.", onEachStream(streamSchemas)},
		{"discover/sync-modes", Must, "Without sync modes a stream cannot be chosen.", onEachStream(streamModes)},
		{"discover/cursors", Must, "A cursor is a field of its stream.", onEachStream(streamCursors)},
		{"discover/keys", Must, "A primary key is made of fields of its stream, and neither objects nor lists.", onEachStream(streamKeys)},
		{"discover/stable", Must, "Discovery twice gives the same catalog, or every sync reports a change of schema.", catalogStable},
		{"read/ends-well", Must, "A read that ends with 0 has read everything; the destination then replaces tables.", onRead(sourceEndsWell)},
		{"read/only-messages", Must, "The platform drops a line that is no message, and with it a row.", onRead((*transcript).grammar)},
		{"read/known-streams", Must, "A RECORD of a stream that is not in the configured catalog fails the sync.", onEachRecord(knownStreams)},
		{"read/not-empty", Must, "A RECORD without data is dropped in silence.", onEachRecord(recordsNotEmpty)},
		{"read/records-match", Must, "A value of another type than declared becomes null at the destination.", sourceRecordsMatch(pair.types)},
		{"read/formats-match", Should, "A text that is not of its declared format, a date perhaps, becomes null at the destination.", sourceRecordsMatch(pair.formats)},
		{"read/keys-present", Must, "A record without its primary key fails the sync.", onEachRecord(sourceKeysPresent)},
		{"read/statuses", Must, "STARTED, RUNNING, COMPLETE for each stream, in that order: the platform shows them, and acts on them.", onProgress(statuses)},
		{"state/form", Must, "States are STREAM or GLOBAL and never both; an id of their own would be taken for the platform's.", onRead(stateForm)},
		{"state/counts", Must, "recordCount is the number of records since the state before it. The platform compares it with what arrived.", onRead(stateCounts)},
		{"state/each-stream", Must, "Each stream has a state before it is COMPLETE, empty ones too.", onProgress(stateOfEachStream)},
		{"state/not-twice", Should, "Two equal states in a row end the platform's counting for that stream.", onRead(statesDiffer)},
		{"state/resumes", Must, "Killed after any STATE and started again from it, a source has sent every row.", sourceResumes},
		{"state/from-end", Must, "The read after a complete one works, and sends no more than the complete one did.", sourceFromEnd},
		{"state/empty", Must, "Runners send [] and {} where there is no state.", sourceStateEmpty},
		{"state/foreign", Should, "A state that is no state of this source is an error, in words, and no new beginning in silence.", sourceStateForeign},
		{"catalog/nulls", Must, "Python's runners write every absent member as null.", catalogNulls},
		{"catalog/one-stream", Must, "A stream that is not configured is not read.", catalogOneStream},
		{"catalog/unknown-stream", Must, "A stream that there is not fails with a TRACE ERROR; exit code 0 would empty its table.", catalogUnknownStream},
		{"catalog/bad-mode", Must, "A sync mode that there is not fails with a TRACE ERROR. The case test_fail_read_with_bad_catalog of Airbyte's CDK.", catalogBadMode},
		{"log/debug", Must, "With --debug standard output still holds messages alone.", sourceDebug},
		{"end/sigterm", Should, "SIGTERM ends a read soon and with whole lines.", sourceSigterm},
		{"end/closed-pipe", Should, "When the reader has gone, the source ends soon, without a stack trace on standard error.", abandoned((*session).startedRead)},
	}...)
	return append(checks, mistakeChecks()...)
}

// A source is what several checks of a source look at.
type source struct {
	catalog []map[string]any // the streams
	whole   *transcript
}

// verb runs a connector's command.
func (s *session) verb(env []string, args ...string) (*transcript, error) {
	e, err := s.run("", env, args...)
	return transcribe(e), err
}

// configured runs a command with the config.
func (s *session) configured(verb string, args ...string) (*transcript, error) {
	config, err := s.configFile(nil)
	if err != nil {
		return nil, err
	}
	return s.verb(nil, append([]string{verb, "--config", config}, args...)...)
}
