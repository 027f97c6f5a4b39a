-- CopyTable
COPY "public"."orders" ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at") FROM STDIN BINARY
-- CopyStaging
COPY "pg_temp"."_signalroom_staging_1" ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at", "_signalroom_absent", "_signalroom_line") FROM STDIN BINARY
-- Stage
CREATE TEMPORARY TABLE "_signalroom_staging_1" ON COMMIT DROP AS
SELECT "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at", NULL::bit(5) AS "_signalroom_absent", 0::bigint AS "_signalroom_line" FROM "public"."orders" WITH NO DATA
-- AddPartial
WITH batch AS (
	SELECT "id",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 0) = 0))[1])."status" AS "status",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 2) = 0))[1])."updated_at" AS "updated_at",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 3) = 0))[1])."_sdc_deleted_at" AS "_sdc_deleted_at",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 4) = 0))[1])."_sdc_received_at" AS "_sdc_received_at",
		bit_and(excluded."_signalroom_absent") AS "_signalroom_absent"
	FROM "pg_temp"."_signalroom_staging_1" AS excluded
	WHERE "_signalroom_line" BETWEEN $1 AND $2 AND NOT EXISTS (SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" AND (true
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")) IS NOT TRUE OFFSET 0)
	GROUP BY "id"
), added AS (
	INSERT INTO "public"."orders" ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at")
	SELECT "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at" FROM batch AS excluded
	WHERE "_sdc_deleted_at" IS NULL AND NOT EXISTS (SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" OFFSET 0)
	ORDER BY "id"
	ON CONFLICT ("id") DO NOTHING
	RETURNING 1
)
SELECT count(*), 0::bigint, 0::bigint FROM added
-- SetPartial
WITH batch AS (
	SELECT "id",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 0) = 0))[1])."status" AS "status",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 2) = 0))[1])."updated_at" AS "updated_at",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 3) = 0))[1])."_sdc_deleted_at" AS "_sdc_deleted_at",
		((array_agg(excluded ORDER BY "updated_at" DESC NULLS LAST, "_signalroom_line" DESC) FILTER (WHERE get_bit(excluded."_signalroom_absent", 4) = 0))[1])."_sdc_received_at" AS "_sdc_received_at",
		bit_and(excluded."_signalroom_absent") AS "_signalroom_absent"
	FROM "pg_temp"."_signalroom_staging_1" AS excluded
	WHERE "_signalroom_line" BETWEEN $1 AND $2 AND NOT EXISTS (SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" AND (true
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")) IS NOT TRUE OFFSET 0)
	GROUP BY "id"
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING 1
), changed AS (
	UPDATE "public"."orders" AS t
	SET "status" = CASE get_bit(excluded."_signalroom_absent", 0) WHEN 0 THEN excluded."status" ELSE t."status" END, "updated_at" = CASE get_bit(excluded."_signalroom_absent", 2) WHEN 0 THEN excluded."updated_at" ELSE t."updated_at" END, "_sdc_deleted_at" = CASE get_bit(excluded."_signalroom_absent", 3) WHEN 0 THEN excluded."_sdc_deleted_at" ELSE t."_sdc_deleted_at" END, "_sdc_received_at" = CASE get_bit(excluded."_signalroom_absent", 4) WHEN 0 THEN excluded."_sdc_received_at" ELSE t."_sdc_received_at" END
	FROM batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NULL
		AND ROW(t."status", t."updated_at", t."_sdc_deleted_at")::record *<> ROW(CASE get_bit(excluded."_signalroom_absent", 0) WHEN 0 THEN excluded."status" ELSE t."status" END, CASE get_bit(excluded."_signalroom_absent", 2) WHEN 0 THEN excluded."updated_at" ELSE t."updated_at" END, CASE get_bit(excluded."_signalroom_absent", 3) WHEN 0 THEN excluded."_sdc_deleted_at" ELSE t."_sdc_deleted_at" END)::record
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING 1
)
SELECT 0::bigint, (SELECT count(*) FROM changed), (SELECT count(*) FROM gone)
-- MergeAnew
WITH batch AS (
	SELECT DISTINCT ON ("id") "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "updated_at" DESC NULLS LAST, "_signalroom_line" DESC
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING 1
), merged AS (
	INSERT INTO "public"."orders" AS t ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at")
	SELECT "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at" FROM batch AS excluded WHERE "_sdc_deleted_at" IS NULL
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "status" = excluded."status", "updated_at" = excluded."updated_at", "_sdc_deleted_at" = excluded."_sdc_deleted_at", "_sdc_received_at" = excluded."_sdc_received_at"
	WHERE ROW(t."status", t."updated_at", t."_sdc_deleted_at")::record *<> ROW(excluded."status", excluded."updated_at", excluded."_sdc_deleted_at")::record
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), (SELECT count(*) FROM gone)
FROM merged
-- MergeSame
WITH batch AS (
	SELECT DISTINCT ON ("id") "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at"
	FROM "pg_temp"."_signalroom_staging_1"
	WHERE "_signalroom_line" BETWEEN $1 AND $2
	ORDER BY "id", "updated_at" DESC NULLS LAST, "_signalroom_line" DESC
), gone AS (
	DELETE FROM "public"."orders" AS t USING batch AS excluded
	WHERE t."id" = excluded."id" AND excluded."_sdc_deleted_at" IS NOT NULL
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING 1
), merged AS (
	INSERT INTO "public"."orders" AS t ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at")
	SELECT "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at" FROM batch AS excluded WHERE "_sdc_deleted_at" IS NULL
	AND NOT EXISTS (
		SELECT FROM "public"."orders" AS t WHERE t."id" = excluded."id" AND (ROW(t."status", t."updated_at", t."_sdc_deleted_at")::record *<> ROW(excluded."status", excluded."updated_at", excluded."_sdc_deleted_at")::record
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")) IS NOT TRUE OFFSET 0
	)
	ORDER BY "id"
	ON CONFLICT ("id") DO UPDATE SET "status" = excluded."status", "updated_at" = excluded."updated_at", "_sdc_deleted_at" = excluded."_sdc_deleted_at", "_sdc_received_at" = excluded."_sdc_received_at"
	WHERE ROW(t."status", t."updated_at", t."_sdc_deleted_at")::record *<> ROW(excluded."status", excluded."updated_at", excluded."_sdc_deleted_at")::record
		AND (t."updated_at" IS NULL OR excluded."updated_at" >= t."updated_at")
	RETURNING t.xmax = 0 AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted), (SELECT count(*) FROM gone)
FROM merged
-- Append
WITH added AS (
	INSERT INTO "public"."orders" ("status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at")
	SELECT "status", "id", "updated_at", "_sdc_deleted_at", "_sdc_received_at" FROM "pg_temp"."_signalroom_staging_1"
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
