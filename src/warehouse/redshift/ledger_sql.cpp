#include "warehouse/redshift/ledger_sql.h"

namespace muster::redshift {

namespace {

constexpr const char* kMakeTables =
    "CREATE TABLE IF NOT EXISTS muster.tables (name VARCHAR(127) NOT NULL,"
    " schema_json VARCHAR(65535) NOT NULL, fingerprint VARCHAR(64) NOT NULL)"
    " DISTSTYLE ALL";
constexpr const char* kMakeTableVersions =
    "CREATE TABLE IF NOT EXISTS muster.table_versions (table_name VARCHAR(127) NOT NULL,"
    " version BIGINT NOT NULL) DISTSTYLE ALL";
constexpr const char* kMakeRuns =
    "CREATE TABLE IF NOT EXISTS muster.runs (run_id VARCHAR(64) NOT NULL,"
    " status VARCHAR(32) NOT NULL, kind VARCHAR(32) NOT NULL,"
    " \"backup\" VARCHAR(256) NOT NULL, trigger VARCHAR(32) NOT NULL,"
    " error VARCHAR(65535) NOT NULL, started_at_us BIGINT NOT NULL,"
    " finished_at_us BIGINT NOT NULL, planned VARCHAR(65535) NOT NULL,"
    " begun_at_us BIGINT NOT NULL) DISTSTYLE ALL COMPOUND SORTKEY (run_id)";
constexpr const char* kMakeRunTables =
    "CREATE TABLE IF NOT EXISTS muster.run_tables (run_id VARCHAR(64) NOT NULL,"
    " table_name VARCHAR(127) NOT NULL, part INTEGER NOT NULL,"
    " outcome VARCHAR(65535) NOT NULL, recorded_at_us BIGINT NOT NULL)"
    " DISTSTYLE ALL COMPOUND SORTKEY (run_id)";
constexpr const char* kMakePublications =
    "CREATE TABLE IF NOT EXISTS muster.publications (run_id VARCHAR(64) NOT NULL,"
    " table_name VARCHAR(127) NOT NULL, part INTEGER NOT NULL,"
    " outcome VARCHAR(65535) NOT NULL, table_version BIGINT NOT NULL,"
    " published_at_us BIGINT NOT NULL) DISTSTYLE ALL COMPOUND SORTKEY (run_id)";
constexpr const char* kMakeObjects =
    "CREATE TABLE IF NOT EXISTS muster.objects (table_name VARCHAR(127) NOT NULL,"
    " object VARCHAR(4096) NOT NULL, run_id VARCHAR(64) NOT NULL, bytes BIGINT NOT NULL,"
    " mtime_ns BIGINT NOT NULL, ctime_ns BIGINT NOT NULL, inode BIGINT NOT NULL,"
    " etag VARCHAR(1024) NOT NULL, content_hash VARCHAR(64) NOT NULL,"
    " rule_fingerprint VARCHAR(64) NOT NULL, schema_fingerprint VARCHAR(64) NOT NULL,"
    " read BIGINT NOT NULL, inserted BIGINT NOT NULL, updated BIGINT NOT NULL,"
    " unchanged BIGINT NOT NULL, deduplicated BIGINT NOT NULL, rejected BIGINT NOT NULL,"
    " blank_lines BIGINT NOT NULL, loaded_at_us BIGINT NOT NULL)"
    " DISTSTYLE AUTO COMPOUND SORTKEY (table_name, object)";
constexpr const char* kMakeRejects =
    "CREATE TABLE IF NOT EXISTS muster.rejects (id VARCHAR(64) NOT NULL,"
    " run_id VARCHAR(64) NOT NULL, last_seen_run VARCHAR(64) NOT NULL,"
    " table_name VARCHAR(127) NOT NULL, object VARCHAR(4096) NOT NULL,"
    " line BIGINT NOT NULL, \"offset\" BIGINT NOT NULL, length BIGINT NOT NULL,"
    " \"raw\" VARCHAR(65535) NOT NULL, severity VARCHAR(16) NOT NULL,"
    " state VARCHAR(16) NOT NULL, state_note VARCHAR(65535) NOT NULL,"
    " reasons VARCHAR(65535) NOT NULL, last_seen_us BIGINT NOT NULL,"
    " pointer VARCHAR(1024) NOT NULL)"
    " DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (table_name, object, \"offset\")";
constexpr const char* kMakeLeases =
    "CREATE TABLE IF NOT EXISTS muster.leases (name VARCHAR(64) NOT NULL,"
    " owner VARCHAR(64) NOT NULL, acquired_at_us BIGINT NOT NULL,"
    " expires_at_us BIGINT NOT NULL) DISTSTYLE ALL";
constexpr const char* kMakeAsides =
    "CREATE TABLE IF NOT EXISTS muster.asides (name VARCHAR(127) NOT NULL,"
    " kind VARCHAR(16) NOT NULL, table_name VARCHAR(127) NOT NULL,"
    " run_id VARCHAR(64) NOT NULL, table_version BIGINT NOT NULL,"
    " created_at_us BIGINT NOT NULL) DISTSTYLE ALL";
constexpr const char* kMakeIdempotencyKeys =
    "CREATE TABLE IF NOT EXISTS muster.idempotency_keys (scope VARCHAR(4096) NOT NULL,"
    " key VARCHAR(1024) NOT NULL, payload_hash VARCHAR(128) NOT NULL,"
    " status BIGINT NOT NULL, part INTEGER NOT NULL, headers VARCHAR(65535) NOT NULL,"
    " body VARCHAR(65535) NOT NULL, expires_at_us BIGINT NOT NULL) DISTSTYLE ALL";

}  // namespace

const std::vector<std::vector<std::string>>& migrations() {
    static const std::vector<std::vector<std::string>> kMigrations = {
        {kMakeTables,
         kMakeTableVersions,
         kMakeRuns,
         kMakeRunTables,
         kMakePublications,
         kMakeObjects,
         kMakeRejects,
         kMakeLeases,
         kMakeAsides,
         kMakeIdempotencyKeys},
    };
    return kMigrations;
}

}  // namespace muster::redshift
