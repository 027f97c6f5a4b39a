ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "total__numeric" numeric;
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total__numeric" numeric
-- "note" text → _extra
-- "at" timestamptz → _extra
-- "tags" jsonb → _extra
