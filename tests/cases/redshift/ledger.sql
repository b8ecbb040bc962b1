CREATE SCHEMA IF NOT EXISTS muster
;
CREATE TABLE IF NOT EXISTS muster.schema_version (version BIGINT) DISTSTYLE ALL
;
CREATE TABLE IF NOT EXISTS muster.tables (name VARCHAR(127) NOT NULL, schema_json VARCHAR(65535) NOT NULL, fingerprint VARCHAR(64) NOT NULL) DISTSTYLE ALL
;
CREATE TABLE IF NOT EXISTS muster.table_versions (table_name VARCHAR(127) NOT NULL, version BIGINT NOT NULL) DISTSTYLE ALL
;
CREATE TABLE IF NOT EXISTS muster.runs (run_id VARCHAR(64) NOT NULL, status VARCHAR(32) NOT NULL, kind VARCHAR(32) NOT NULL, "backup" VARCHAR(256) NOT NULL, trigger VARCHAR(32) NOT NULL, error VARCHAR(65535) NOT NULL, started_at_us BIGINT NOT NULL, finished_at_us BIGINT NOT NULL, planned VARCHAR(65535) NOT NULL, begun_at_us BIGINT NOT NULL) DISTSTYLE ALL COMPOUND SORTKEY (run_id)
;
CREATE TABLE IF NOT EXISTS muster.run_tables (run_id VARCHAR(64) NOT NULL, table_name VARCHAR(127) NOT NULL, part INTEGER NOT NULL, outcome VARCHAR(65535) NOT NULL, recorded_at_us BIGINT NOT NULL) DISTSTYLE ALL COMPOUND SORTKEY (run_id)
;
CREATE TABLE IF NOT EXISTS muster.publications (run_id VARCHAR(64) NOT NULL, table_name VARCHAR(127) NOT NULL, part INTEGER NOT NULL, outcome VARCHAR(65535) NOT NULL, table_version BIGINT NOT NULL, published_at_us BIGINT NOT NULL) DISTSTYLE ALL COMPOUND SORTKEY (run_id)
;
CREATE TABLE IF NOT EXISTS muster.objects (table_name VARCHAR(127) NOT NULL, object VARCHAR(4096) NOT NULL, run_id VARCHAR(64) NOT NULL, bytes BIGINT NOT NULL, mtime_ns BIGINT NOT NULL, ctime_ns BIGINT NOT NULL, inode BIGINT NOT NULL, etag VARCHAR(1024) NOT NULL, content_hash VARCHAR(64) NOT NULL, rule_fingerprint VARCHAR(64) NOT NULL, schema_fingerprint VARCHAR(64) NOT NULL, read BIGINT NOT NULL, inserted BIGINT NOT NULL, updated BIGINT NOT NULL, unchanged BIGINT NOT NULL, deduplicated BIGINT NOT NULL, rejected BIGINT NOT NULL, blank_lines BIGINT NOT NULL, loaded_at_us BIGINT NOT NULL) DISTSTYLE AUTO COMPOUND SORTKEY (table_name, object)
;
CREATE TABLE IF NOT EXISTS muster.rejects (id VARCHAR(64) NOT NULL, run_id VARCHAR(64) NOT NULL, last_seen_run VARCHAR(64) NOT NULL, table_name VARCHAR(127) NOT NULL, object VARCHAR(4096) NOT NULL, line BIGINT NOT NULL, "offset" BIGINT NOT NULL, length BIGINT NOT NULL, "raw" VARCHAR(65535) NOT NULL, severity VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL, state_note VARCHAR(65535) NOT NULL, reasons VARCHAR(65535) NOT NULL, last_seen_us BIGINT NOT NULL, pointer VARCHAR(1024) NOT NULL) DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (table_name, object, "offset")
;
CREATE TABLE IF NOT EXISTS muster.leases (name VARCHAR(64) NOT NULL, owner VARCHAR(64) NOT NULL, acquired_at_us BIGINT NOT NULL, expires_at_us BIGINT NOT NULL) DISTSTYLE ALL
;
CREATE TABLE IF NOT EXISTS muster.asides (name VARCHAR(127) NOT NULL, kind VARCHAR(16) NOT NULL, table_name VARCHAR(127) NOT NULL, run_id VARCHAR(64) NOT NULL, table_version BIGINT NOT NULL, created_at_us BIGINT NOT NULL) DISTSTYLE ALL
;
CREATE TABLE IF NOT EXISTS muster.idempotency_keys (scope VARCHAR(4096) NOT NULL, key VARCHAR(1024) NOT NULL, payload_hash VARCHAR(128) NOT NULL, status BIGINT NOT NULL, part INTEGER NOT NULL, headers VARCHAR(65535) NOT NULL, body VARCHAR(65535) NOT NULL, expires_at_us BIGINT NOT NULL) DISTSTYLE ALL
;
SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'muster' AND c.relname = 'schema_version'
;
LOCK TABLE muster.schema_version
;
SELECT COALESCE(MAX(version), 0) FROM muster.schema_version
;
DELETE FROM muster.schema_version
;
INSERT INTO muster.schema_version (version) VALUES ($1)
;
SELECT name, schema_json FROM muster.tables
;
DELETE FROM muster.tables WHERE name = $1
;
INSERT INTO muster.tables (name, schema_json, fingerprint) VALUES ($1, $2, $3)
;
SELECT CAST(COALESCE(SUM(version), 0) AS VARCHAR(40)) FROM muster.table_versions
;
LOCK TABLE muster.leases
;
SELECT CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000
;
SELECT l.owner, l.acquired_at_us, l.expires_at_us, COALESCE(r.status, 'running') FROM muster.leases l LEFT JOIN muster.runs r ON r.run_id = l.owner WHERE l.name = $1
;
DELETE FROM muster.leases WHERE name = $1
;
INSERT INTO muster.leases (name, owner, acquired_at_us, expires_at_us) VALUES ($1, $2, $3, $4)
;
UPDATE muster.leases SET expires_at_us = CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000 + CAST($3 AS BIGINT) WHERE name = $1 AND owner = $2
;
SELECT COUNT(*) FROM muster.leases WHERE name <> $1 AND expires_at_us > CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000
;
LOCK TABLE muster.runs
;
DELETE FROM muster.runs WHERE run_id = $1
;
INSERT INTO muster.runs (run_id, status, kind, "backup", trigger, error, started_at_us, finished_at_us, planned, begun_at_us) SELECT CAST($1 AS VARCHAR(64)), CAST($2 AS VARCHAR(32)), CAST($3 AS VARCHAR(32)), CAST($4 AS VARCHAR(256)), CAST($5 AS VARCHAR(32)), CAST($6 AS VARCHAR(65535)), CAST($7 AS BIGINT), 0, CAST($8 AS VARCHAR(65535)), CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000
;
DELETE FROM muster.run_tables WHERE run_id = $1 AND table_name = $2
;
INSERT INTO muster.run_tables (run_id, table_name, part, outcome, recorded_at_us) VALUES ($1, $2, $3, $4, $5)
;
SELECT outcome, part FROM muster.run_tables WHERE run_id = $1 ORDER BY recorded_at_us, table_name, part
;
SELECT run_id, planned FROM muster.runs WHERE status = 'running' AND begun_at_us < CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000 - CAST($1 AS BIGINT) AND run_id NOT IN (SELECT owner FROM muster.leases WHERE expires_at_us > CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT) * 1000000)
;
SELECT status FROM muster.runs WHERE run_id = $1
;
SELECT outcome, part FROM muster.publications WHERE run_id = $1 ORDER BY table_name, part
;
SELECT outcome, part FROM muster.publications WHERE run_id = $1 AND table_name = $2 ORDER BY part
;
INSERT INTO muster.publications (run_id, table_name, part, outcome, table_version, published_at_us) VALUES ($1, $2, $3, $4, $5, $6)
;
SELECT run_id FROM muster.publications WHERE table_name = $1 AND part = 0 ORDER BY table_version DESC, published_at_us DESC LIMIT 1
;
SELECT o.object FROM muster.objects o JOIN muster.publications p ON p.run_id = o.run_id AND p.table_name = o.table_name AND p.part = 0 WHERE o.table_name = $1 AND p.table_version > $2 ORDER BY o.object
;
SELECT id, run_id, table_name, object, line, "offset", length, "raw", severity, state, state_note, reasons, pointer FROM muster.rejects WHERE 1 = 1
;
DROP TABLE IF EXISTS muster_load_rejects
;
CREATE TEMP TABLE muster_load_rejects (id VARCHAR(64), object VARCHAR(4096), line BIGINT, "offset" BIGINT, length BIGINT, "raw" VARCHAR(65535), severity VARCHAR(16), reasons VARCHAR(65535))
;
DROP TABLE IF EXISTS muster_known_rejects
;
CREATE TEMP TABLE muster_known_rejects AS SELECT r.id, r.run_id, r.state, r.state_note FROM muster.rejects r JOIN muster_load_rejects l ON l.id = r.id
;
DELETE FROM muster.rejects WHERE id IN (SELECT id FROM muster_known_rejects)
;
INSERT INTO muster.rejects (id, run_id, last_seen_run, table_name, object, line, "offset", length, "raw", severity, state, state_note, reasons, last_seen_us, pointer) SELECT l.id, COALESCE(k.run_id, CAST($1 AS VARCHAR(64))), CAST($1 AS VARCHAR(64)), CAST($2 AS VARCHAR(127)), l.object, l.line, l."offset", l.length, l."raw", l.severity, CASE WHEN k.state IN ('replayed', 'waived') THEN k.state ELSE 'open' END, CASE WHEN k.state IN ('replayed', 'waived') THEN k.state_note ELSE '' END, l.reasons, CAST($3 AS BIGINT), '' FROM muster_load_rejects l LEFT JOIN muster_known_rejects k ON k.id = l.id
;
DROP TABLE IF EXISTS muster_replay
;
CREATE TEMP TABLE muster_replay ("offset" BIGINT, id VARCHAR(64))
;
UPDATE muster.rejects SET state = 'open', state_note = '', reasons = a.reasons, last_seen_run = CAST($1 AS VARCHAR(64)), last_seen_us = CAST($2 AS BIGINT) FROM (SELECT m.id AS id, MIN(l.reasons) AS reasons FROM muster_replay m JOIN muster_load_rejects l ON l."offset" = m."offset" WHERE l.severity = 'error' GROUP BY m.id) a WHERE a.id = muster.rejects.id
;
UPDATE muster.rejects SET state = 'replayed', state_note = 'replayed by run ' || CAST($1 AS VARCHAR(64)) WHERE id IN (SELECT m.id FROM muster_replay m LEFT JOIN muster_load_rejects l ON l."offset" = m."offset" AND l.severity = 'error' WHERE l."offset" IS NULL)
;
SELECT TRIM(file_name), COALESCE(line_number, 0), TRIM(column_name), TRIM(error_message) FROM sys_load_error_detail WHERE query_id = pg_last_copy_id() ORDER BY start_time, file_name, line_number LIMIT 100
;
DELETE FROM muster.leases WHERE name = $1 AND owner = $2
;
SELECT owner FROM muster.leases WHERE name = $1 AND owner <> $2
;
UPDATE muster.runs SET status = $1, error = $2, finished_at_us = $3 WHERE run_id = $4
;
SELECT run_id, status, trigger, error, started_at_us, finished_at_us, kind, "backup" FROM muster.runs 
;
SELECT table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode, etag, content_hash, rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged, deduplicated, rejected, blank_lines, loaded_at_us FROM muster.objects WHERE table_name = $1 ORDER BY object
;
UPDATE muster.objects SET mtime_ns = $1, ctime_ns = $2, inode = $3, etag = $4 WHERE table_name = $5 AND object = $6 AND bytes = $7
;
UPDATE muster.rejects SET state = $1, state_note = $2 WHERE id = $3
;
SELECT schema_json FROM muster.tables WHERE name = $1
;
SELECT version FROM muster.table_versions WHERE table_name = $1
;
UPDATE muster.table_versions SET version = $2 WHERE table_name = $1
;
INSERT INTO muster.table_versions (table_name, version) VALUES ($1, $2)
;
INSERT INTO muster.asides (name, kind, table_name, run_id, table_version, created_at_us) VALUES ($1, $2, $3, $4, $5, $6)
;
DELETE FROM muster.asides WHERE name = $1
;
SELECT name, kind, table_name, run_id, table_version FROM muster.asides ORDER BY created_at_us, name
;
DELETE FROM muster.objects WHERE table_name = $1 AND object = $2
;
UPDATE muster.rejects SET state = 'gone', state_note = 'not seen by run ' || CAST($1 AS VARCHAR(64)) WHERE table_name = $2 AND state = 'open' AND last_seen_run <> CAST($1 AS VARCHAR(64)) AND object IN ($3, $4)
;
DELETE FROM muster.objects WHERE table_name = $1 AND object IN ($2, $3)
;
INSERT INTO muster.objects (table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode, etag, content_hash, rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged, deduplicated, rejected, blank_lines, loaded_at_us) VALUES (CAST($1 AS VARCHAR(127)), CAST($2 AS VARCHAR(4096)), CAST($3 AS VARCHAR(64)), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS VARCHAR(1024)), CAST($9 AS VARCHAR(64)), CAST($10 AS VARCHAR(64)), CAST($11 AS VARCHAR(64)), CAST($12 AS BIGINT), CAST($13 AS BIGINT), CAST($14 AS BIGINT), CAST($15 AS BIGINT), CAST($16 AS BIGINT), CAST($17 AS BIGINT), CAST($18 AS BIGINT), CAST($19 AS BIGINT)), (CAST($20 AS VARCHAR(127)), CAST($21 AS VARCHAR(4096)), CAST($22 AS VARCHAR(64)), CAST($23 AS BIGINT), CAST($24 AS BIGINT), CAST($25 AS BIGINT), CAST($26 AS BIGINT), CAST($27 AS VARCHAR(1024)), CAST($28 AS VARCHAR(64)), CAST($29 AS VARCHAR(64)), CAST($30 AS VARCHAR(64)), CAST($31 AS BIGINT), CAST($32 AS BIGINT), CAST($33 AS BIGINT), CAST($34 AS BIGINT), CAST($35 AS BIGINT), CAST($36 AS BIGINT), CAST($37 AS BIGINT), CAST($38 AS BIGINT))
;
