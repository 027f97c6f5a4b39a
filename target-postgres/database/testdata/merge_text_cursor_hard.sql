-- CopyTable
COPY "public"."orders" ("id", "version", "_sdc_deleted_at") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("id", "version", "_sdc_deleted_at", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" ON COMMIT DROP AS SELECT "id", "version", "_sdc_deleted_at", 0::bigint AS "_signalroom_line" FROM "public"."orders" WITH NO DATA
-- Merge
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "version", "_sdc_deleted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "version" COLLATE "C" DESC NULLS LAST, "_signalroom_line" DESC
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING 1
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "version", "_sdc_deleted_at")
	SELECT "id", "version", "_sdc_deleted_at" FROM batch AS excluded WHERE "_sdc_deleted_at" IS NULL
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "version" = excluded."version", "_sdc_deleted_at" = excluded."_sdc_deleted_at"
	WHERE ROW(t."version", t."_sdc_deleted_at")::record *<> ROW(excluded."version", excluded."_sdc_deleted_at")::record
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), (SELECT count(*) FROM gone)
FROM merged
-- MergeAnew
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "version", "_sdc_deleted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "version" COLLATE "C" DESC NULLS LAST, "_signalroom_line" DESC
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING 1
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "version", "_sdc_deleted_at")
	SELECT "id", "version", "_sdc_deleted_at" FROM batch AS excluded WHERE "_sdc_deleted_at" IS NULL
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "version" = excluded."version", "_sdc_deleted_at" = excluded."_sdc_deleted_at"
	WHERE ROW(t."version", t."_sdc_deleted_at")::record *<> ROW(excluded."version", excluded."_sdc_deleted_at")::record
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), (SELECT count(*) FROM gone)
FROM merged
-- MergeSame
WITH batch AS (
	SELECT DISTINCT ON ("id") "id", "version", "_sdc_deleted_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "version" COLLATE "C" DESC NULLS LAST, "_signalroom_line" DESC
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING 1
), merged AS (
	INSERT INTO "public"."orders" AS t ("id", "version", "_sdc_deleted_at")
	SELECT "id", "version", "_sdc_deleted_at" FROM batch AS excluded WHERE "_sdc_deleted_at" IS NULL
	AND NOT EXISTS (
		SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" AND (ROW(t."version", t."_sdc_deleted_at")::record *<> ROW(excluded."version", excluded."_sdc_deleted_at")::record
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")) IS NOT TRUE OFFSET 0
	)
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "version" = excluded."version", "_sdc_deleted_at" = excluded."_sdc_deleted_at"
	WHERE ROW(t."version", t."_sdc_deleted_at")::record *<> ROW(excluded."version", excluded."_sdc_deleted_at")::record
		AND (t."version" IS NULL OR excluded."version" COLLATE "C" >= t."version")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), (SELECT count(*) FROM gone)
FROM merged
-- Append
WITH added AS (
	INSERT INTO "public"."orders" ("id", "version", "_sdc_deleted_at")
	SELECT "id", "version", "_sdc_deleted_at" FROM "pg_temp"."_signalroom_staging_1"
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
DELETE FROM "public"."orders" AS t WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND true
