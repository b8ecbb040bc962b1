UNLOAD ('SELECT "id" FROM "visits" WHERE "note" = ''x''') TO 's3://lake/clean/muster-staging/rows_' IAM_ROLE 'arn:aws:iam::123456789012:role/muster' FORMAT AS PARQUET MANIFEST VERBOSE
;
CREATE TEMP TABLE muster_restore ("id" BIGINT, "place" VARCHAR(65535), "trip" BIGINT, "small" INTEGER, "cost" DECIMAL(10,2), "weight" DOUBLE PRECISION, "paid" BOOLEAN, "day" DATE, "at" TIMESTAMP, "note" VARCHAR(65535)) DISTSTYLE KEY DISTKEY ("id")
;
COPY muster_restore FROM 's3://lake/clean/muster-staging/rows_' IAM_ROLE 'arn:aws:iam::123456789012:role/muster' FORMAT AS PARQUET MANIFEST
;
