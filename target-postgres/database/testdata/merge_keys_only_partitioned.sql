-- CopyTable
COPY "public"."orders" ("id") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("id", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" ON COMMIT DROP AS SELECT "id", 0::bigint AS "_signalroom_line" FROM "public"."orders" WITH NO DATA
-- Merge
WITH batch AS (
	SELECT DISTINCT ON ("id") "id"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "_signalroom_line" DESC
), known AS (
	SELECT count(*) AS n FROM batch JOIN "public"."orders" AS t USING ("id")
), merged AS (
	INSERT INTO "public"."orders" AS t ("id")
	SELECT "id" FROM batch AS excluded
	ORDER BY "id"
	ON CONFLICT ("id") DO NOTHING
	RETURNING NULL::boolean AS inserted
)
SELECT live.n - known.n, merged.n - (live.n - known.n), 0::bigint
FROM known, (SELECT count(*) AS n FROM merged) AS merged, (SELECT count(*) AS n FROM batch) AS live
-- MergeAnew
WITH batch AS (
	SELECT DISTINCT ON ("id") "id"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "_signalroom_line" DESC
), known AS (
	SELECT count(*) AS n FROM batch JOIN "public"."orders" AS t USING ("id")
), merged AS (
	INSERT INTO "public"."orders" AS t ("id")
	SELECT "id" FROM batch AS excluded
	ORDER BY "id"
	ON CONFLICT ("id") DO NOTHING
	RETURNING NULL::boolean AS inserted
)
SELECT live.n - known.n, merged.n - (live.n - known.n), 0::bigint
FROM known, (SELECT count(*) AS n FROM merged) AS merged, (SELECT count(*) AS n FROM batch) AS live
-- MergeSame
WITH batch AS (
	SELECT DISTINCT ON ("id") "id"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "_signalroom_line" DESC
), known AS (
	SELECT count(*) AS n FROM batch JOIN "public"."orders" AS t USING ("id")
), merged AS (
	INSERT INTO "public"."orders" AS t ("id")
	SELECT "id" FROM batch AS excluded
	ORDER BY "id"
	ON CONFLICT ("id") DO NOTHING
	RETURNING NULL::boolean AS inserted
)
SELECT live.n - known.n, merged.n - (live.n - known.n), 0::bigint
FROM known, (SELECT count(*) AS n FROM merged) AS merged, (SELECT count(*) AS n FROM batch) AS live
-- Append
WITH added AS (
	INSERT INTO "public"."orders" ("id")
	SELECT "id" FROM "pg_temp"."_signalroom_staging_1"
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
