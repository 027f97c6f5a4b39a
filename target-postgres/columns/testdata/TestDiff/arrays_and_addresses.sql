ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "new" bigint[];
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "ip" inet;
ALTER TABLE "public"."orders" ALTER COLUMN "wider" TYPE numeric[]; -- rewrites the table
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "other__text_array" text[];
ALTER TABLE "public"."orders" ALTER COLUMN "floats" TYPE numeric[] USING "floats"::text::numeric[]; -- rewrites the table
-- "new" bigint[] → "new" bigint[]
-- "ip" inet → "ip" inet
-- "wider" numeric[] → "wider" numeric[]
-- "other" text[] → "other__text_array" text[]
-- "floats" numeric[] → "floats" numeric[]
