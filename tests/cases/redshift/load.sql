DROP TABLE IF EXISTS muster_stage
;
CREATE TEMP TABLE muster_stage ("id" BIGINT, "place" VARCHAR(65535), "trip" BIGINT, "small" INTEGER, "cost" DECIMAL(10,2), "weight" DOUBLE PRECISION, "paid" BOOLEAN, "day" DATE, "at" TIMESTAMP, "note" VARCHAR(65535), _position BIGINT) DISTSTYLE KEY DISTKEY ("id")
;
COPY muster_stage FROM 's3://lake/clean/it''s/rows.manifest' IAM_ROLE default FORMAT AS PARQUET MANIFEST
;
DROP TABLE IF EXISTS muster_losers
;
CREATE TEMP TABLE muster_losers (position BIGINT)
;
DELETE FROM muster_stage USING muster_losers WHERE muster_losers.position = muster_stage._position
;
SELECT COUNT(*) FROM muster_stage
;
DROP TABLE IF EXISTS muster_missing
;
CREATE TEMP TABLE muster_missing AS SELECT s._position, CASE WHEN s."place" IS NOT NULL AND r0."code" IS NULL THEN 1 ELSE 0 END AS missing_0, CASE WHEN s."trip" IS NOT NULL AND r1."id" IS NULL THEN 1 ELSE 0 END AS missing_1 FROM muster_stage s LEFT JOIN "places" r0 ON r0."code" = s."place" AND OCTET_LENGTH(r0."code") = OCTET_LENGTH(s."place") LEFT JOIN "trips" r1 ON r1."id" = s."trip" WHERE (s."place" IS NOT NULL AND r0."code" IS NULL) OR (s."trip" IS NOT NULL AND r1."id" IS NULL)
;
SELECT COUNT(*) FROM muster_missing
;
SELECT * FROM muster_missing
;
DELETE FROM muster_stage USING muster_missing WHERE muster_missing._position = muster_stage._position
;
SELECT m.ordinal, SUM(m.changed), COUNT(*) FROM (SELECT s._position / 281474976710656 AS ordinal, CASE WHEN (s."place" <> t."place" OR OCTET_LENGTH(s."place") <> OCTET_LENGTH(t."place") OR (s."place" IS NULL AND t."place" IS NOT NULL) OR (s."place" IS NOT NULL AND t."place" IS NULL) OR s."trip" <> t."trip" OR (s."trip" IS NULL AND t."trip" IS NOT NULL) OR (s."trip" IS NOT NULL AND t."trip" IS NULL) OR s."small" <> t."small" OR (s."small" IS NULL AND t."small" IS NOT NULL) OR (s."small" IS NOT NULL AND t."small" IS NULL) OR s."cost" <> t."cost" OR (s."cost" IS NULL AND t."cost" IS NOT NULL) OR (s."cost" IS NOT NULL AND t."cost" IS NULL) OR s."weight" <> t."weight" OR (s."weight" IS NULL AND t."weight" IS NOT NULL) OR (s."weight" IS NOT NULL AND t."weight" IS NULL) OR s."paid" <> t."paid" OR s."day" <> t."day" OR (s."day" IS NULL AND t."day" IS NOT NULL) OR (s."day" IS NOT NULL AND t."day" IS NULL) OR s."at" <> t."at" OR (s."at" IS NULL AND t."at" IS NOT NULL) OR (s."at" IS NOT NULL AND t."at" IS NULL) OR s."note" <> t."note" OR OCTET_LENGTH(s."note") <> OCTET_LENGTH(t."note") OR (s."note" IS NULL AND t."note" IS NOT NULL) OR (s."note" IS NOT NULL AND t."note" IS NULL)) THEN 1 ELSE 0 END AS changed FROM muster_stage s JOIN "visits" t ON t."id" = s."id") m GROUP BY m.ordinal
;
DELETE FROM "visits" USING muster_stage WHERE "visits"."id" = muster_stage."id" AND (muster_stage."place" <> "visits"."place" OR OCTET_LENGTH(muster_stage."place") <> OCTET_LENGTH("visits"."place") OR (muster_stage."place" IS NULL AND "visits"."place" IS NOT NULL) OR (muster_stage."place" IS NOT NULL AND "visits"."place" IS NULL) OR muster_stage."trip" <> "visits"."trip" OR (muster_stage."trip" IS NULL AND "visits"."trip" IS NOT NULL) OR (muster_stage."trip" IS NOT NULL AND "visits"."trip" IS NULL) OR muster_stage."small" <> "visits"."small" OR (muster_stage."small" IS NULL AND "visits"."small" IS NOT NULL) OR (muster_stage."small" IS NOT NULL AND "visits"."small" IS NULL) OR muster_stage."cost" <> "visits"."cost" OR (muster_stage."cost" IS NULL AND "visits"."cost" IS NOT NULL) OR (muster_stage."cost" IS NOT NULL AND "visits"."cost" IS NULL) OR muster_stage."weight" <> "visits"."weight" OR (muster_stage."weight" IS NULL AND "visits"."weight" IS NOT NULL) OR (muster_stage."weight" IS NOT NULL AND "visits"."weight" IS NULL) OR muster_stage."paid" <> "visits"."paid" OR muster_stage."day" <> "visits"."day" OR (muster_stage."day" IS NULL AND "visits"."day" IS NOT NULL) OR (muster_stage."day" IS NOT NULL AND "visits"."day" IS NULL) OR muster_stage."at" <> "visits"."at" OR (muster_stage."at" IS NULL AND "visits"."at" IS NOT NULL) OR (muster_stage."at" IS NOT NULL AND "visits"."at" IS NULL) OR muster_stage."note" <> "visits"."note" OR OCTET_LENGTH(muster_stage."note") <> OCTET_LENGTH("visits"."note") OR (muster_stage."note" IS NULL AND "visits"."note" IS NOT NULL) OR (muster_stage."note" IS NOT NULL AND "visits"."note" IS NULL))
;
INSERT INTO "visits" ("id", "place", "trip", "small", "cost", "weight", "paid", "day", "at", "note") SELECT s."id", s."place", s."trip", s."small", s."cost", s."weight", s."paid", s."day", s."at", s."note" FROM muster_stage s LEFT JOIN "visits" t ON t."id" = s."id" WHERE t."id" IS NULL
;
INSERT INTO "places" ("code") SELECT s."code" FROM muster_stage s LEFT JOIN "places" t ON t."code" = s."code" AND OCTET_LENGTH(t."code") = OCTET_LENGTH(s."code") WHERE t."code" IS NULL
;
INSERT INTO muster_replay ("offset", id) VALUES (CAST($1 AS BIGINT), CAST($2 AS VARCHAR(64))), (CAST($3 AS BIGINT), CAST($4 AS VARCHAR(64)))
;
