ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "total__numeric" numeric;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "note__text" text;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "at__timestamptz" timestamptz;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "tags__jsonb" jsonb;
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total__numeric" numeric
-- "note" text → "note__text" text
-- "at" timestamptz → "at__timestamptz" timestamptz
-- "tags" jsonb → "tags__jsonb" jsonb
