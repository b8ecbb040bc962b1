#include "warehouse/postgres/ledger_sql.h"

#include "warehouse/postgres/state_sql.h"

namespace muster::ledger_sql {

namespace {

constexpr const char* kLedgerTables =
    "CREATE VIEW muster.server_clock AS"
    " SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us;"
    "CREATE TABLE muster.tables (name text COLLATE \"C\" PRIMARY KEY, schema_json text NOT NULL,"
    " fingerprint text NOT NULL);"
    "CREATE TABLE muster.table_versions (table_name text COLLATE \"C\" PRIMARY KEY,"
    " version bigint NOT NULL);"
    "CREATE TABLE muster.runs (run_id text COLLATE \"C\" PRIMARY KEY, status text NOT NULL,"
    " kind text NOT NULL, backup text NOT NULL, trigger text NOT NULL, error text NOT NULL,"
    " started_at_us bigint NOT NULL, finished_at_us bigint NOT NULL, planned text NOT NULL,"
    " begun_at_us bigint NOT NULL);"
    "CREATE TABLE muster.run_tables (run_id text COLLATE \"C\", table_name text COLLATE \"C\","
    " outcome text NOT NULL, recorded_at_us bigint NOT NULL, PRIMARY KEY (run_id, table_name));"
    "CREATE TABLE muster.objects (table_name text COLLATE \"C\", object text COLLATE \"C\","
    " run_id text NOT NULL, bytes bigint NOT NULL, mtime_ns bigint NOT NULL,"
    " ctime_ns bigint NOT NULL, inode bigint NOT NULL, etag text NOT NULL,"
    " content_hash text NOT NULL, rule_fingerprint text NOT NULL,"
    " schema_fingerprint text NOT NULL, read bigint NOT NULL, inserted bigint NOT NULL,"
    " updated bigint NOT NULL, unchanged bigint NOT NULL, deduplicated bigint NOT NULL,"
    " rejected bigint NOT NULL, blank_lines bigint NOT NULL, loaded_at_us bigint NOT NULL,"
    " PRIMARY KEY (table_name, object));"
    "CREATE TABLE muster.publications (run_id text COLLATE \"C\", table_name text COLLATE \"C\","
    " outcome text NOT NULL, table_version bigint NOT NULL, published_at_us bigint NOT NULL,"
    " PRIMARY KEY (run_id, table_name));"
    "CREATE INDEX ON muster.publications (table_name, published_at_us);"
    "CREATE TABLE muster.rejects (id text COLLATE \"C\" PRIMARY KEY, run_id text NOT NULL,"
    " last_seen_run text NOT NULL, table_name text COLLATE \"C\" NOT NULL,"
    " object text COLLATE \"C\" NOT NULL, line bigint NOT NULL, \"offset\" bigint NOT NULL,"
    " length bigint NOT NULL, raw bytea NOT NULL, severity text NOT NULL, state text NOT NULL,"
    " state_note text NOT NULL, reasons text NOT NULL, last_seen_us bigint NOT NULL,"
    " pointer text NOT NULL);"
    "CREATE INDEX ON muster.rejects (table_name, object, \"offset\", id);"
    "CREATE TABLE muster.leases (name text COLLATE \"C\" PRIMARY KEY, owner text NOT NULL,"
    " acquired_at_us bigint NOT NULL, expires_at_us bigint NOT NULL);"
    "CREATE TABLE muster.asides (name text COLLATE \"C\" PRIMARY KEY, kind text NOT NULL,"
    " table_name text COLLATE \"C\" NOT NULL, run_id text NOT NULL, table_version bigint NOT NULL,"
    " created_at_us bigint NOT NULL);";

}  // namespace

const std::vector<std::string>& migrations() {
    static const std::vector<std::string> kMigrations = {
        // 1
        std::string(kLedgerTables) + pg_sql::kStateTables,
        // 2
        pg_sql::kOccurrenceOwners,
    };
    return kMigrations;
}

}  // namespace muster::ledger_sql
