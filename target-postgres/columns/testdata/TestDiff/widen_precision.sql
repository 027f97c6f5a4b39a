ALTER TABLE "public"."orders" ALTER COLUMN "total" TYPE numeric;
ALTER TABLE "public"."orders" ALTER COLUMN "note" TYPE text USING CASE WHEN isfinite("note") THEN (to_jsonb("note" AT TIME ZONE 'UTC') #>> '{}') || 'Z' ELSE "note"::text END; -- rewrites the table
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total" numeric
-- "note" text → "note" text
-- "at" timestamptz → "at" text
-- "tags" jsonb → "tags" jsonb
