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
