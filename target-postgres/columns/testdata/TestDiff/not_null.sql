ALTER TABLE "public"."orders" ALTER COLUMN "total" DROP NOT NULL;
ALTER TABLE "public"."orders" ALTER COLUMN "note" TYPE text;
ALTER TABLE "public"."orders" ALTER COLUMN "note" DROP NOT NULL;
ALTER TABLE "public"."orders" ALTER COLUMN "gone" DROP NOT NULL;
-- "id" bigint → "id" bigint not null
-- "total" numeric → "total" numeric
-- "note" text → "note" text
-- "at" timestamptz → "at" timestamptz
-- "tags" jsonb → "tags" jsonb
