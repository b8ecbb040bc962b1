CREATE TABLE "places" ("code" VARCHAR(12) NOT NULL) DISTSTYLE AUTO COMPOUND SORTKEY ("code")
;
CREATE TABLE "visits" ("id" BIGINT NOT NULL, "place" VARCHAR(65535), "trip" BIGINT, "small" INTEGER, "cost" DECIMAL(10,2), "weight" DOUBLE PRECISION, "paid" BOOLEAN NOT NULL, "day" DATE, "at" TIMESTAMP, "note" VARCHAR(400)) DISTSTYLE KEY DISTKEY ("id") COMPOUND SORTKEY ("id")
;
ALTER TABLE "visits" ADD COLUMN "note" VARCHAR(400)
;
DROP TABLE "visits"
;
CREATE TABLE IF NOT EXISTS muster."gate_visits" (held INTEGER) DISTSTYLE ALL
;
LOCK TABLE muster."gate_visits"
;
LOCK TABLE muster."gate_places", muster."gate_trips", muster."gate_visits"
;
SET statement_timeout TO 1
;
SET statement_timeout TO 500
;
SET statement_timeout TO DEFAULT
;
SELECT COUNT(*) FROM (SELECT 1 FROM "visits" LIMIT 1) filled
;
SELECT COUNT(*) FROM (SELECT 1 FROM "visits" GROUP BY "id" HAVING COUNT(*) > 1) shared
;
