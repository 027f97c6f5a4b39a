ALTER TABLE "public"."orders" ALTER COLUMN "id" TYPE text; -- rewrites the table
-- "id" bigint → "id" text not null
