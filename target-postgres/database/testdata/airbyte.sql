-- CopyTable
COPY "public"."orders" ("id", "updated_at", "_airbyte_extracted_at") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("id", "updated_at", "_airbyte_extracted_at", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" (LIKE "public"."orders" INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED, "_signalroom_line" bigint) ON COMMIT DROP
-- Merge
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "updated_at", "_airbyte_extracted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "updated_at" DESC NULLS LAST, "_airbyte_extracted_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "updated_at", "_airbyte_extracted_at")
	SELECT "id", "updated_at", "_airbyte_extracted_at" FROM batch AS excluded
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "updated_at" = excluded."updated_at", "_airbyte_extracted_at" = excluded."_airbyte_extracted_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
		AND (excluded."updated_at" > t."updated_at" OR t."updated_at" IS NULL AND excluded."updated_at" IS NOT NULL
			OR excluded."updated_at" IS NOT DISTINCT FROM t."updated_at" AND (t."_airbyte_extracted_at" IS NULL OR excluded."_airbyte_extracted_at" >= t."_airbyte_extracted_at"))
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- MergeAnew
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "updated_at", "_airbyte_extracted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "updated_at" DESC NULLS LAST, "_airbyte_extracted_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "updated_at", "_airbyte_extracted_at")
	SELECT "id", "updated_at", "_airbyte_extracted_at" FROM batch AS excluded
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "updated_at" = excluded."updated_at", "_airbyte_extracted_at" = excluded."_airbyte_extracted_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
		AND (excluded."updated_at" > t."updated_at" OR t."updated_at" IS NULL AND excluded."updated_at" IS NOT NULL
			OR excluded."updated_at" IS NOT DISTINCT FROM t."updated_at" AND (t."_airbyte_extracted_at" IS NULL OR excluded."_airbyte_extracted_at" >= t."_airbyte_extracted_at"))
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- MergeSame
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "updated_at", "_airbyte_extracted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "updated_at" DESC NULLS LAST, "_airbyte_extracted_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "updated_at", "_airbyte_extracted_at")
	SELECT "id", "updated_at", "_airbyte_extracted_at" FROM batch AS excluded
	WHERE NOT EXISTS (
		SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" AND (ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
		AND (excluded."updated_at" > t."updated_at" OR t."updated_at" IS NULL AND excluded."updated_at" IS NOT NULL
			OR excluded."updated_at" IS NOT DISTINCT FROM t."updated_at" AND (t."_airbyte_extracted_at" IS NULL OR excluded."_airbyte_extracted_at" >= t."_airbyte_extracted_at"))) IS NOT TRUE OFFSET 0
	)
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "updated_at" = excluded."updated_at", "_airbyte_extracted_at" = excluded."_airbyte_extracted_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
		AND (excluded."updated_at" > t."updated_at" OR t."updated_at" IS NULL AND excluded."updated_at" IS NOT NULL
			OR excluded."updated_at" IS NOT DISTINCT FROM t."updated_at" AND (t."_airbyte_extracted_at" IS NULL OR excluded."_airbyte_extracted_at" >= t."_airbyte_extracted_at"))
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- Append
WITH added AS (
	INSERT INTO "public"."orders" ("id", "updated_at", "_airbyte_extracted_at")
	SELECT "id", "updated_at", "_airbyte_extracted_at" FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "_signalroom_line"
	ON CONFLICT ("id") DO NOTHING
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
-- Sweep
DELETE FROM "public"."orders" AS t
WHERE true AND NOT EXISTS (
	SELECT FROM "pg_temp"."_signalroom_staging_1" AS s WHERE s."id" = t."id"
)
-- Clear
DELETE FROM "public"."orders" AS t
WHERE true
-- Activate
UPDATE "public"."orders" AS t SET "_sdc_deleted_at" = $2
WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND t."_sdc_deleted_at" IS NULL AND true
-- Adopt
INSERT INTO "public"."orders" AS t ("id", "updated_at", "_airbyte_extracted_at")
SELECT DISTINCT ON ("id") "id", "updated_at", "_airbyte_extracted_at" FROM "pg_temp"."_signalroom_staging_1" AS excluded
ORDER BY "id", "updated_at" DESC NULLS LAST, "_airbyte_extracted_at" DESC NULLS LAST
ON CONFLICT ("id") DO UPDATE SET "updated_at" = excluded."updated_at", "_airbyte_extracted_at" = excluded."_airbyte_extracted_at"
WHERE true
		AND (excluded."updated_at" > t."updated_at" OR t."updated_at" IS NULL AND excluded."updated_at" IS NOT NULL
			OR excluded."updated_at" IS NOT DISTINCT FROM t."updated_at" AND (t."_airbyte_extracted_at" IS NULL OR excluded."_airbyte_extracted_at" >= t."_airbyte_extracted_at"))
