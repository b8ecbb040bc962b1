CREATE TABLE "_muster_new_visits" ("id" BIGINT NOT NULL, "place" VARCHAR(65535), "trip" BIGINT, "small" INTEGER, "cost" DECIMAL(10,2), "weight" DOUBLE PRECISION, "paid" BOOLEAN NOT NULL, "day" DATE, "at" TIMESTAMP, "note" VARCHAR(400)) DISTSTYLE KEY DISTKEY ("id") COMPOUND SORTKEY ("id")
;
INSERT INTO "_muster_new_visits" ("id", "place", "trip", "small", "cost", "weight", "paid", "day", "at", "note") SELECT CAST("id" AS BIGINT), CAST("place" AS VARCHAR(65535)), CAST("trip" AS BIGINT), CAST("small" AS INTEGER), CAST("cost" AS DECIMAL(10,2)), CAST("weight" AS DOUBLE PRECISION), CAST("paid" AS BOOLEAN), CAST("day" AS DATE), CAST("at" AS TIMESTAMP), CAST("note" AS VARCHAR(400)) FROM "visits"
;
ALTER TABLE "visits" RENAME TO "_muster_old_visits"
;
ALTER TABLE "_muster_new_visits" RENAME TO "visits"
;
DROP TABLE "_muster_old_visits"
;
