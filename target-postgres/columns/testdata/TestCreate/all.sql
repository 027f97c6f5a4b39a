CREATE TABLE "public"."orders" (
	"client_id" text,
	"status" text,
	"total" numeric,
	"created at" timestamptz,
	"lines" jsonb,
	"xmin_" bigint,
	"id" bigint,
	"_sdc_extracted_at" timestamptz,
	"_sdc_received_at" timestamptz,
	"_sdc_batched_at" timestamptz,
	"_sdc_deleted_at" timestamptz,
	"_sdc_sequence" bigint,
	"_sdc_table_version" bigint,
	"_sdc_sync_started_at" bigint,
	"_extra" jsonb,
	PRIMARY KEY ("client_id", "id")
);
COMMENT ON TABLE "public"."orders" IS 'Orders of a shop''s clients.';
COMMENT ON COLUMN "public"."orders"."created at" IS 'Created';
COMMENT ON COLUMN "public"."orders"."xmin_" IS 'Smallest x. (property "xmin")';
COMMENT ON COLUMN "public"."orders"."id" IS E'The order''s number; it''s \\ unique.';
COMMENT ON COLUMN "public"."orders"."_sdc_extracted_at" IS 'When the tap read the record from its source.';
COMMENT ON COLUMN "public"."orders"."_sdc_received_at" IS 'When the target read the record.';
COMMENT ON COLUMN "public"."orders"."_sdc_batched_at" IS 'When the batch of the record began.';
COMMENT ON COLUMN "public"."orders"."_sdc_deleted_at" IS 'When the record was found deleted; null while it is there.';
COMMENT ON COLUMN "public"."orders"."_sdc_sequence" IS 'Milliseconds since 1970 when the target read the record.';
COMMENT ON COLUMN "public"."orders"."_sdc_table_version" IS 'The version that the tap gave the record.';
COMMENT ON COLUMN "public"."orders"."_sdc_sync_started_at" IS 'Milliseconds since 1970 when the target started.';
COMMENT ON COLUMN "public"."orders"."_extra" IS 'Members of the record that its schema does not declare.';
ALTER TABLE "public"."orders" ADD PRIMARY KEY ("client_id", "id")
