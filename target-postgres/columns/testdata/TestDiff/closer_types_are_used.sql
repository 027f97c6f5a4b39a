ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "mixed__jsonb" jsonb;
-- "tags" jsonb → "tags" text[]
-- "ip" text → "ip" inet
-- "file" text → "file" bytea
-- "mixed" jsonb → "mixed__jsonb" jsonb
