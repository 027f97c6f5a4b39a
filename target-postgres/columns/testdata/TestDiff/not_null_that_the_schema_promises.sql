ALTER TABLE "public"."orders" ALTER COLUMN "b" DROP NOT NULL;
-- "a" text → "a" text not null
-- "b" text → "b" text
