ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "total" numeric;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "at" timestamptz;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "tags" jsonb;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_extracted_at" timestamptz;
COMMENT ON COLUMN "public"."orders"."_sdc_extracted_at" IS 'When the tap read the record from its source.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_received_at" timestamptz;
COMMENT ON COLUMN "public"."orders"."_sdc_received_at" IS 'When the target read the record.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_batched_at" timestamptz;
COMMENT ON COLUMN "public"."orders"."_sdc_batched_at" IS 'When the batch of the record began.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_deleted_at" timestamptz;
COMMENT ON COLUMN "public"."orders"."_sdc_deleted_at" IS 'When the record was found deleted; null while it is there.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_sequence" bigint;
COMMENT ON COLUMN "public"."orders"."_sdc_sequence" IS 'Milliseconds since 1970 when the target read the record.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_table_version" bigint;
COMMENT ON COLUMN "public"."orders"."_sdc_table_version" IS 'The version that the tap gave the record.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_sync_started_at" bigint;
COMMENT ON COLUMN "public"."orders"."_sdc_sync_started_at" IS 'Milliseconds since 1970 when the target started.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_extra" jsonb;
COMMENT ON COLUMN "public"."orders"."_extra" IS 'Members of the record that its schema does not declare.';
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total" numeric
-- "note" text → "note" text
-- "at" timestamptz → "at" timestamptz
-- "tags" jsonb → "tags" jsonb
-- "_sdc_extracted_at" timestamptz → "_sdc_extracted_at" timestamptz
-- "_sdc_received_at" timestamptz → "_sdc_received_at" timestamptz
-- "_sdc_batched_at" timestamptz → "_sdc_batched_at" timestamptz
-- "_sdc_deleted_at" timestamptz → "_sdc_deleted_at" timestamptz
-- "_sdc_sequence" bigint → "_sdc_sequence" bigint
-- "_sdc_table_version" bigint → "_sdc_table_version" bigint
-- "_sdc_sync_started_at" bigint → "_sdc_sync_started_at" bigint
-- "_extra" jsonb → "_extra" jsonb
