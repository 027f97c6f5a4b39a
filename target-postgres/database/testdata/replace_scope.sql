-- CopyTable
COPY "public"."orders" ("client_id", "id", "updated_at") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("client_id", "id", "updated_at", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" (LIKE "public"."orders" INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED, "_signalroom_line" bigint) ON COMMIT DROP
-- Merge
WITH batch AS (
	SELECT DISTINCT ON ("client_id", "id") "client_id", "id", "updated_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "client_id", "id", "updated_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("client_id", "id", "updated_at")
	SELECT "client_id", "id", "updated_at" FROM batch AS excluded
	ORDER BY "client_id", "id"
	ON CONFLICT ("client_id", "id") DO UPDATE SET "updated_at" = excluded."updated_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- MergeAnew
WITH batch AS (
	SELECT DISTINCT ON ("client_id", "id") "client_id", "id", "updated_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "client_id", "id", "updated_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("client_id", "id", "updated_at")
	SELECT "client_id", "id", "updated_at" FROM batch AS excluded
	ORDER BY "client_id", "id"
	ON CONFLICT ("client_id", "id") DO UPDATE SET "updated_at" = excluded."updated_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- MergeSame
WITH batch AS (
	SELECT DISTINCT ON ("client_id", "id") "client_id", "id", "updated_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "client_id", "id", "updated_at" DESC NULLS LAST, "_signalroom_line" DESC
), merged AS (
	INSERT INTO "public"."orders" AS t ("client_id", "id", "updated_at")
	SELECT "client_id", "id", "updated_at" FROM batch AS excluded
	WHERE NOT EXISTS (
		SELECT FROM "public"."orders" AS t WHERE t."client_id" = excluded."client_id" AND t."id" = excluded."id" AND (ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record) IS NOT TRUE OFFSET 0
	)
	ORDER BY "client_id", "id"
	ON CONFLICT ("client_id", "id") DO UPDATE SET "updated_at" = excluded."updated_at"
	WHERE ROW(t."updated_at")::record *<> ROW(excluded."updated_at")::record
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), 0::bigint
FROM merged
-- Append
WITH added AS (
	INSERT INTO "public"."orders" ("client_id", "id", "updated_at")
	SELECT "client_id", "id", "updated_at" FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "client_id", "id", "_signalroom_line"
	ON CONFLICT ("client_id", "id") DO NOTHING
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
-- Sweep
DELETE FROM "public"."orders" AS t
WHERE t."client_id" = 'acme'::text AND NOT EXISTS (
	SELECT FROM "pg_temp"."_signalroom_staging_1" AS s WHERE s."client_id" = t."client_id" AND s."id" = t."id"
)
-- Clear
DELETE FROM "public"."orders" AS t
WHERE t."client_id" = 'acme'::text
-- Activate
UPDATE "public"."orders" AS t SET "_sdc_deleted_at" = $2
WHERE (t."_sdc_table_version" IS NULL OR t."_sdc_table_version" < $1) AND t."_sdc_deleted_at" IS NULL AND t."client_id" = 'acme'::text
