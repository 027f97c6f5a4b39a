CREATE TABLE IF NOT EXISTS {{.Schema}}."_signalroom_state" (
	pipeline text PRIMARY KEY,
	state text NOT NULL, -- as the tap sent it, byte for byte
	run text NOT NULL,
	updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS {{.Schema}}."_signalroom_loads" (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline text NOT NULL,
	run text NOT NULL,
	stream text NOT NULL,
	"table" text NOT NULL,
	disposition text NOT NULL,
	started_at timestamptz NOT NULL,
	committed_at timestamptz NOT NULL,
	first_line bigint NOT NULL,
	last_line bigint NOT NULL,
	bytes bigint NOT NULL,
	read bigint NOT NULL,
	inserted bigint NOT NULL,
	updated bigint NOT NULL,
	unchanged bigint NOT NULL,
	deleted bigint NOT NULL,
	rejected bigint NOT NULL
);
ALTER TABLE {{.Schema}}."_signalroom_loads"
	ADD COLUMN IF NOT EXISTS bookmark text, -- the stream's in the state that the transaction committed, its beginning where it is long
	ADD COLUMN IF NOT EXISTS version bigint, -- the newest of the rows, or the one that was activated
	ADD COLUMN IF NOT EXISTS program text;
CREATE TABLE IF NOT EXISTS {{.Schema}}."_signalroom_rejects" (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline text NOT NULL,
	run text NOT NULL,
	rejected_at timestamptz NOT NULL,
	stream text NOT NULL,
	line bigint NOT NULL, -- where the record stood in the run's input, from 1
	key text,
	"column" text,
	reason text NOT NULL,
	sqlstate text,
	record text NOT NULL,
	replayed_at timestamptz
);
ALTER TABLE {{.Schema}}."_signalroom_rejects"
	ADD COLUMN IF NOT EXISTS schema text; -- the hash of the SCHEMA that it came under
CREATE TABLE IF NOT EXISTS {{.Schema}}."_signalroom_schemas" (
	hash text NOT NULL, -- of all that follows but the instant; it may be there more than once
	stream text NOT NULL,
	schema text NOT NULL, -- as the tap sent it, byte for byte
	key_properties text[] NOT NULL,
	bookmark_properties text[] NOT NULL,
	first_seen_at timestamptz NOT NULL
);
