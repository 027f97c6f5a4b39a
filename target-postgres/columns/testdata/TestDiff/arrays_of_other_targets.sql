ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "either__jsonb" jsonb;
-- "lines" jsonb → "lines" jsonb[]
-- "any" jsonb → "any" jsonb[]
-- "either" jsonb → "either__jsonb" jsonb
