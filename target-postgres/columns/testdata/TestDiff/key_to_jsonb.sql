ALTER TABLE "public"."orders" ALTER COLUMN "id" TYPE jsonb USING to_jsonb("id"); -- rewrites the table
-- "id" jsonb → "id" jsonb not null
