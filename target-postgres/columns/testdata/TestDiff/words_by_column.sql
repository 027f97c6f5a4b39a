ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "new1" text;
-- breach: ALTER TABLE "public"."orders" ALTER COLUMN "b" TYPE text; -- rewrites the table
-- "id" bigint → "id" bigint not null
-- "a" text → "a" bigint, or the value is discarded
-- "b" text → "b" bigint, frozen
-- "new1" text → "new1" text
-- "new2" text → nowhere, or the row is discarded
