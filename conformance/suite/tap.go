package suite

import "syscall"

// Tap are the checks of a Singer tap, in the order of their making.
func Tap() []Check {
	return append([]Check{
		{"read/ends-well", Must, "A run that ends with 0 has read everything. Schedulers and Meltano know nothing else.", onRun(endsWell)},
		{"read/only-messages", Must, "Each line of standard output is a message. A stray line ends the target, or is lost.", onRun((*reading).pure)},
		{"read/message-shape", Must, "A message without a member that the specification asks for ends the target.", onRun((*reading).shape)},
		{"read/schema-first", Must, "A RECORD means nothing before the SCHEMA of its stream; targets end there.", onRun((*reading).schemaFirst)},
		{"read/schema-valid", Must, "A SCHEMA that is no JSON Schema of an object with properties makes no table.", onRun(schemaValid)},
		{"read/records-match", Must, "A value of another type than declared is refused by the column, and often ends the run.", recordsMatch(pair.types)},
		{"read/formats-match", Should, "A text that is not of its declared format, a date perhaps, fails only in the database.", recordsMatch(pair.formats)},
		{"read/fields-declared", Should, "Most targets drop a field that the SCHEMA does not declare, and say nothing.", fieldsDeclared},
		{"read/keys-present", Must, "A row without its key cannot be merged: targets end, or load it twice.", keysPresent},
		{"read/keys-unique", Should, "Two rows of one key in one run: one of them overwrites the other, or the key is not the key.", onRun(keysUnique)},
		{"read/bookmarks-declared", Must, "A bookmark property that is no field cannot order anything.", onRun(bookmarksDeclared)},
		{"read/versions-agree", Must, "ACTIVATE_VERSION removes all rows of other versions: one that no record bears empties the table.", onRun(versionsAgree)},
		{"state/shape", Should, "A state is an object with bookmarks by stream; Meltano merges states by that.", onStates(stateShape)},
		{"state/last", Should, "Rows after the last STATE are read again with every run.", onStates(stateLast)},
		{"state/final", Should, "A last state with markers of progress was never finished: the next run begins before it.", onStates(stateFinal)},
		{"state/resumes", Must, "Killed after any STATE and started again from it, a tap has sent every row. That is what a STATE says.", onStates(stateResumes)},
		{"state/from-end", Must, "The run after a complete one works, and sends no more than the complete one did.", onStates(stateFromEnd)},
		{"state/empty", Should, "{} is the state of a first run; many runners send it.", onStates(stateEmpty)},
		{"state/damaged", Should, "A state file that is cut short is an error. Taken for a first run it reads everything again, or worse.", onStates(stateDamaged)},
		{"state/repeatable", Should, "Two complete runs over the same source give the same rows.", repeatable},
		{"discover/catalog", Must, "The catalog is JSON and nothing else, with unique ids and a schema for each stream.", discoverCatalog},
		{"discover/keys", Should, "Keys that the catalog names are fields of the stream, and those of its messages.", discoverKeys},
		{"discover/stable", Must, "Discovery twice gives the same catalog; Meltano discovers before each run.", discoverStable},
		{"discover/with-state", Should, "Meltano passes --state with --discover.", discoverWithState},
		{"select/catalog-accepted", Must, "The discovered catalog is what --catalog takes.", catalogAccepted},
		{"select/stream", Must, "A stream that is not selected is not read.", selectStream},
		{"select/field", Must, "A field that is not selected is in no record, and not required. People leave out what they may not store.", onField(fieldNotSent)},
		{"select/field-declared", Should, "A field that is not selected is in no SCHEMA: targets make a column of it, which stays empty.", onField(fieldNotDeclared)},
		{"select/key", Should, "A key stays, even where someone did not select it; without it rows cannot be merged.", selectKey},
		{"log/verbose", Must, "Verbose logs go to standard error. A debug line among the messages ends the target.", verbose},
		{"end/sigterm", Should, "SIGTERM ends a run soon and in order: whole lines, exit code 0 or 143.", func(s *session) error { return s.interrupted(syscall.SIGTERM) }},
		{"end/sigint", Should, "Ctrl-C too: whole lines, exit code 0 or 130.", func(s *session) error { return s.interrupted(syscall.SIGINT) }},
		{"end/closed-pipe", Should, "When the target has died, the tap ends soon, without a stack trace.", abandoned((*session).startedRun)},
	}, programChecks()...)
}
