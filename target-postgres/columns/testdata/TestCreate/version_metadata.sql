CREATE TABLE "public"."orders" (
	"client_id" text,
	"status" text,
	"total" numeric,
	"created at" timestamptz,
	"lines" jsonb,
	"xmin_" bigint,
	"id" bigint NOT NULL,
	"_sdc_deleted_at" timestamptz,
	"_sdc_table_version" bigint
);
COMMENT ON TABLE "public"."orders" IS 'Orders of a shop''s clients.';
COMMENT ON COLUMN "public"."orders"."created at" IS 'Created';
COMMENT ON COLUMN "public"."orders"."xmin_" IS 'Smallest x. (property "xmin")';
COMMENT ON COLUMN "public"."orders"."id" IS E'The order''s number; it''s \\ unique.';
COMMENT ON COLUMN "public"."orders"."_sdc_deleted_at" IS 'When the record was found deleted; null while it is there.';
COMMENT ON COLUMN "public"."orders"."_sdc_table_version" IS 'The version that the tap gave the record.';
ALTER TABLE "public"."orders" ADD PRIMARY KEY ("id")
