ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_deleted_at" timestamptz;
COMMENT ON COLUMN "public"."orders"."_sdc_deleted_at" IS 'When the record was found deleted; null while it is there.';
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "_sdc_table_version" bigint;
COMMENT ON COLUMN "public"."orders"."_sdc_table_version" IS 'The version that the tap gave the record.';
-- the table is full
-- "id" bigint → "id" bigint not null
-- "total" numeric → _extra
-- "note" text → _extra
-- "at" timestamptz → _extra
-- "tags" jsonb → _extra
-- "_sdc_deleted_at" timestamptz → "_sdc_deleted_at" timestamptz
-- "_sdc_table_version" bigint → "_sdc_table_version" bigint
