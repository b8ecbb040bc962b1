DROP TABLE IF EXISTS muster_restore
;
SELECT "id", "place", "trip", "small", "cost", "weight", "paid", "day", "at", "note" FROM "_muster_restore_20260102T030405Z-abcd1234"
;
SELECT MIN("id"), MAX("id"), COUNT(*) FROM "visits"
;
CREATE TABLE "_muster_restore_20260102T030405Z-abcd1234" (LIKE "visits")
;
INSERT INTO "_muster_restore_20260102T030405Z-abcd1234" ("id", "place", "trip", "small", "cost", "weight", "paid", "day", "at", "note") SELECT "id", "place", "trip", "small", "cost", "weight", "paid", "day", "at", "note" FROM muster_restore
;
SELECT COUNT(*) FROM "_muster_restore_20260102T030405Z-abcd1234" s LEFT JOIN "visits" t ON s."id" = t."id" WHERE t."id" IS NULL
;
SELECT COUNT(*) FROM "_muster_restore_20260102T030405Z-abcd1234" s JOIN "visits" t ON s."id" = t."id" WHERE (s."place" <> t."place" OR OCTET_LENGTH(s."place") <> OCTET_LENGTH(t."place") OR (s."place" IS NULL AND t."place" IS NOT NULL) OR (s."place" IS NOT NULL AND t."place" IS NULL) OR s."trip" <> t."trip" OR (s."trip" IS NULL AND t."trip" IS NOT NULL) OR (s."trip" IS NOT NULL AND t."trip" IS NULL) OR s."small" <> t."small" OR (s."small" IS NULL AND t."small" IS NOT NULL) OR (s."small" IS NOT NULL AND t."small" IS NULL) OR s."cost" <> t."cost" OR (s."cost" IS NULL AND t."cost" IS NOT NULL) OR (s."cost" IS NOT NULL AND t."cost" IS NULL) OR s."weight" <> t."weight" OR (s."weight" IS NULL AND t."weight" IS NOT NULL) OR (s."weight" IS NOT NULL AND t."weight" IS NULL) OR s."paid" <> t."paid" OR s."day" <> t."day" OR (s."day" IS NULL AND t."day" IS NOT NULL) OR (s."day" IS NOT NULL AND t."day" IS NULL) OR s."at" <> t."at" OR (s."at" IS NULL AND t."at" IS NOT NULL) OR (s."at" IS NOT NULL AND t."at" IS NULL) OR s."note" <> t."note" OR OCTET_LENGTH(s."note") <> OCTET_LENGTH(t."note") OR (s."note" IS NULL AND t."note" IS NOT NULL) OR (s."note" IS NOT NULL AND t."note" IS NULL))
;
ALTER TABLE "visits" RENAME TO "_muster_restore_20260102T030405Z-abcd1234"
;
DROP TABLE IF EXISTS "_muster_restore_20260102T030405Z-abcd1234"
;
SELECT count(*), '' FROM (SELECT 1 FROM "muster_restore" GROUP BY "id" HAVING count(*) > 1) shared
;
SELECT count(*), coalesce(CAST(min(c."place") AS VARCHAR), '') FROM "visits" c WHERE c."place" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "muster_restore" p WHERE p."code" = c."place")
;
SELECT count(*), coalesce(CAST(min(c."trip") AS VARCHAR), '') FROM "visits" c WHERE c."trip" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "muster_restore" p WHERE p."id" = c."trip")
;
SELECT count(*), coalesce(CAST(min(c."place") AS VARCHAR), '') FROM "muster_restore" c WHERE c."place" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "places" p WHERE p."code" = c."place")
;
SELECT count(*), coalesce(CAST(min(c."trip") AS VARCHAR), '') FROM "muster_restore" c WHERE c."trip" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "trips" p WHERE p."id" = c."trip")
;
