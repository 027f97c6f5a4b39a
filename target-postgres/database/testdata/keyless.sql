-- CopyTable
COPY "we""ird"."na""me; --" ("a""b") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("a""b", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" (LIKE "we""ird"."na""me; --" INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED, "_signalroom_line" bigint) ON COMMIT DROP
-- Append
WITH added AS (
	INSERT INTO "we""ird"."na""me; --" ("a""b")
	SELECT "a""b" FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "_signalroom_line"
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
-- Sweep
DELETE FROM "we""ird"."na""me; --" AS t
WHERE true
-- Clear
DELETE FROM "we""ird"."na""me; --" AS t
WHERE true
-- Activate
UPDATE "we""ird"."na""me; --" AS t SET "_sdc_deleted_at" = $2
WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND t."_sdc_deleted_at" IS NULL AND true
-- Adopt
INSERT INTO "we""ird"."na""me; --" AS t ("a""b")
SELECT "a""b" FROM "pg_temp"."_signalroom_staging_1" AS excluded
