CREATE TABLE "public"."orders" (
	"client_id" text,
	"status" text,
	"total" numeric,
	"created at" timestamptz,
	"lines" jsonb,
	"xmin_" bigint,
	"id" bigint
);
COMMENT ON TABLE "public"."orders" IS 'Orders of a shop''s clients.';
COMMENT ON COLUMN "public"."orders"."created at" IS 'Created';
COMMENT ON COLUMN "public"."orders"."xmin_" IS 'Smallest x. (property "xmin")';
COMMENT ON COLUMN "public"."orders"."id" IS E'The order''s number; it''s \\ unique.';

