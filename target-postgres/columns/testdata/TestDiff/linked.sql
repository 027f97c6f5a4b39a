ALTER TABLE "public"."orders" ALTER COLUMN "id" TYPE bigint; -- rewrites the table
ALTER TABLE "public"."orders" ALTER COLUMN "total" TYPE numeric; -- rewrites the table
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "note__text" text;
ALTER TABLE "public"."orders" ALTER COLUMN "at" TYPE timestamptz USING "at"::timestamp AT TIME ZONE 'UTC'; -- rewrites the table
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total" numeric
-- "note" text → "note__text" text
-- "at" timestamptz → "at" timestamptz
-- "tags" jsonb → "tags" jsonb
