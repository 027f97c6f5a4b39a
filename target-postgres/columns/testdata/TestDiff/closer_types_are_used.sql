ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "mixed__jsonb" jsonb;
ALTER TABLE "public"."orders" ALTER COLUMN "ns" TYPE bigint[]; -- rewrites the table
-- "tags" jsonb → "tags" text[]
-- "ip" text → "ip" inet
-- "file" text → "file" bytea
-- "mixed" jsonb → "mixed__jsonb" jsonb
-- "ns" jsonb → "ns" bigint[]
