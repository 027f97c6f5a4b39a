package suite

// Source are the checks of an Airbyte source, in the order of their making.
func Source() []Check {
	return append(specChecks(),
		Check{"check/succeeds", Must, "With a good config check prints one CONNECTION_STATUS, SUCCEEDED, and ends with 0.", checkSucceeds},
		Check{"check/fails", Must, "With an empty config check says what is missing: FAILED with a message, or a TRACE ERROR, never both.", checkFails},
		Check{"discover/catalog", Must, "discover prints one CATALOG of streams with unique names.", sourceDiscovers},
		Check{"discover/schemas", Must, "A stream whose json_schema has no properties ends the platform's sync.", streamSchemas},
		Check{"discover/sync-modes", Must, "Without sync modes a stream cannot be chosen.", streamModes},
		Check{"discover/cursors", Must, "A cursor is a field of its stream.", streamCursors},
		Check{"discover/keys", Must, "A primary key is made of fields of its stream, and neither objects nor lists.", streamKeys},
		Check{"discover/stable", Must, "Discovery twice gives the same catalog, or every sync reports a change of schema.", catalogStable},
		Check{"read/ends-well", Must, "A read that ends with 0 has read everything; the destination then replaces tables.", sourceEndsWell},
		Check{"read/only-messages", Must, "The platform drops a line that is no message, and with it a row.", sourceGrammar},
		Check{"read/known-streams", Must, "A RECORD of a stream that is not in the configured catalog fails the sync.", knownStreams},
		Check{"read/not-empty", Must, "A RECORD without data is dropped in silence.", recordsNotEmpty},
		Check{"read/records-match", Must, "A value of another type than declared becomes null at the destination.", sourceRecordsMatch},
		Check{"read/formats-match", Should, "A text that is not of its declared format, a date perhaps, becomes null at the destination.", sourceFormatsMatch},
		Check{"read/keys-present", Must, "A record without its primary key fails the sync.", sourceKeysPresent},
		Check{"read/statuses", Must, "STARTED, RUNNING, COMPLETE for each stream, in that order: the platform shows them, and acts on them.", statuses},
		Check{"state/form", Must, "States are STREAM or GLOBAL and never both; an id of their own would be taken for the platform's.", stateForm},
		Check{"state/counts", Must, "recordCount is the number of records since the state before it. The platform compares it with what arrived.", stateCounts},
		Check{"state/each-stream", Must, "Each stream has a state before it is COMPLETE, empty ones too.", stateOfEachStream},
		Check{"state/not-twice", Should, "Two equal states in a row end the platform's counting for that stream.", statesDiffer},
		Check{"state/resumes", Must, "Killed after any STATE and started again from it, a source has sent every row.", sourceResumes},
		Check{"state/from-end", Must, "The read after a complete one works, and sends no more than the complete one did.", sourceFromEnd},
		Check{"state/empty", Must, "Runners send [] and {} where there is no state.", sourceStateEmpty},
		Check{"state/foreign", Should, "A state that is no state of this source is an error, in words, and no new beginning in silence.", sourceStateForeign},
		Check{"catalog/nulls", Must, "Python's runners write every absent member as null.", catalogNulls},
		Check{"catalog/one-stream", Must, "A stream that is not configured is not read.", catalogOneStream},
		Check{"catalog/unknown-stream", Must, "A stream that there is not fails with a TRACE ERROR; exit code 0 would empty its table.", catalogUnknownStream},
		Check{"catalog/bad-mode", Must, "A sync mode that there is not fails with a TRACE ERROR. The case test_fail_read_with_bad_catalog of Airbyte's CDK.", catalogBadMode},
		Check{"log/debug", Must, "With --debug standard output still holds messages alone.", sourceDebug},
		Check{"end/sigterm", Should, "SIGTERM ends a read soon and with whole lines.", sourceSigterm},
		Check{"end/closed-pipe", Should, "When the reader has gone, the source ends soon, without a stack trace on standard error.", sourceClosedPipe},
		Check{"error/config-missing", Must, "A config file that is not there is an error.", connectorConfigMissing},
		Check{"error/config-broken", Must, "A config file that is no JSON is an error.", connectorConfigBroken},
		Check{"error/trace", Should, "What went wrong is a TRACE ERROR with a message, and no stack trace on standard error.", errorsTraced},
		Check{"secret/unsaid", Must, "No secret of the config is printed in any of the runs above. Logs are read by many.", connectorSecretsUnsaid},
	)
}

// A source is what the checks of a source look at again and again.
type source struct {
	catalog []map[string]any // the streams
	whole   *transcript
	again   *transcript
}

// verb runs a connector's command.
func (s *session) verb(env []string, args ...string) (*transcript, error) {
	e, err := s.run("", env, args...)
	return transcribe(e), err
}

// configured is a verb with the config.
func (s *session) configured(verb string, args ...string) (*transcript, error) {
	config, err := s.configFile(nil)
	if err != nil {
		return nil, err
	}
	return s.verb(nil, append([]string{verb, "--config", config}, args...)...)
}
