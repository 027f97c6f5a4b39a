ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "llllllllllllllllllllllllllllllllllllllllllllllllllllll_179806b6" boolean;
-- "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll" boolean → "llllllllllllllllllllllllllllllllllllllllllllllllllllll_179806b6" boolean
