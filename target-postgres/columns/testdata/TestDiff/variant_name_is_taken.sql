ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "v__boolean_a97da8e3" boolean;
ALTER TABLE "public"."orders" ADD COLUMN IF NOT EXISTS "w__boolean_dc45e0b1" boolean;
-- "v" boolean → "v__boolean_a97da8e3" boolean
-- "v__boolean" bigint → "v__boolean" bigint
-- "w" boolean → "w__boolean_dc45e0b1" boolean
