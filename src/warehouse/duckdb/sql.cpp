#include "warehouse/duckdb/sql.h"

#include "engine/detail/duckdb_handle.h"
#include "engine/detail/scan_source.h"

namespace muster::sql {

const std::vector<std::string>& migrations() {
    static const std::vector<std::string> kMigrations = {
        // 1
        "CREATE TABLE muster.tables (name VARCHAR, schema_json VARCHAR, fingerprint VARCHAR);"
        "CREATE TABLE muster.table_versions (table_name VARCHAR, version BIGINT);"
        "CREATE TABLE muster.runs (run_id VARCHAR, status VARCHAR, trigger VARCHAR, error VARCHAR,"
        " started_at_us BIGINT, finished_at_us BIGINT, planned VARCHAR);"
        "CREATE TABLE muster.run_tables (run_id VARCHAR, table_name VARCHAR, outcome VARCHAR,"
        " recorded_at_us BIGINT);"
        "CREATE TABLE muster.objects (table_name VARCHAR, object VARCHAR, run_id VARCHAR,"
        " bytes BIGINT, mtime_ns BIGINT, ctime_ns BIGINT, inode BIGINT, etag VARCHAR,"
        " content_hash VARCHAR, rule_fingerprint VARCHAR, schema_fingerprint VARCHAR, read BIGINT,"
        " inserted BIGINT, updated BIGINT, unchanged BIGINT, deduplicated BIGINT, rejected BIGINT,"
        " blank_lines BIGINT, loaded_at_us BIGINT);"
        "CREATE TABLE muster.publications (run_id VARCHAR, table_name VARCHAR, outcome VARCHAR,"
        " table_version BIGINT, published_at_us BIGINT);"
        "CREATE TABLE muster.rejects (id VARCHAR, run_id VARCHAR, last_seen_run VARCHAR,"
        " table_name VARCHAR, object VARCHAR, line BIGINT, \"offset\" BIGINT, length BIGINT,"
        " raw BLOB, severity VARCHAR, state VARCHAR, state_note VARCHAR, reasons VARCHAR,"
        " last_seen_us BIGINT);"
        "CREATE TABLE muster.leases (name VARCHAR, owner VARCHAR, acquired_at_us BIGINT,"
        " expires_at_us BIGINT);",
        // 2
        "ALTER TABLE muster.rejects ADD COLUMN pointer VARCHAR;"
        "CREATE TABLE muster.users (name VARCHAR, role VARCHAR, password_hash VARCHAR,"
        " disabled BOOLEAN, token_version BIGINT, created_at_us BIGINT);"
        "CREATE TABLE muster.revoked_tokens (jti VARCHAR, expires_at_us BIGINT);"
        "CREATE TABLE muster.refresh_tokens (token_hash VARCHAR, family VARCHAR, user_name VARCHAR,"
        " token_version BIGINT, expires_at_us BIGINT, spent_at_us BIGINT);"
        "CREATE TABLE muster.idempotency_keys (scope VARCHAR, key VARCHAR, payload_hash VARCHAR,"
        " status BIGINT, headers VARCHAR, body VARCHAR, expires_at_us BIGINT);"
        "CREATE TABLE muster.audit (at_us BIGINT, user_name VARCHAR, action VARCHAR,"
        " subject VARCHAR, detail VARCHAR, request_id VARCHAR);",
        // 3
        "CREATE TABLE muster.asides (name VARCHAR, kind VARCHAR, table_name VARCHAR,"
        " run_id VARCHAR, table_version BIGINT, created_at_us BIGINT);"
        "ALTER TABLE muster.runs ADD COLUMN kind VARCHAR;"
        "ALTER TABLE muster.runs ADD COLUMN backup VARCHAR;",
        // 4
        "CREATE TABLE muster.schedules (job VARCHAR, definition VARCHAR, since_us BIGINT);"
        "CREATE TABLE muster.occurrences (job VARCHAR, planned_at_us BIGINT, claimed_at_us BIGINT,"
        " finished_at_us BIGINT, outcome VARCHAR, detail VARCHAR);",
    };
    return kMigrations;
}

std::string create_table(const Table& table, const std::string& relation) {
    std::string columns;
    for (const Column& column : table.columns) {
        columns += columns.empty() ? "" : ", ";
        columns += sql_identifier(column.name) + " " + sql_type(column.type);
    }
    return "CREATE TABLE " + relation + " (" + columns + ")";
}

std::string target(const TableName& name) { return "main." + sql_identifier(name.str()); }

std::string value_as_text(const Column& column, std::string_view prefix) {
    const std::string value = std::string(prefix) + sql_identifier(column.name);
    if (column.type.kind == TypeKind::kTimestamp) {
        return "strftime(" + value + ", '%Y-%m-%dT%H:%M:%SZ')";
    }
    return "left(CAST(" + value + " AS VARCHAR), 256)";
}

std::string key_as_text(const Table& table, std::string_view prefix) {
    std::string out;
    for (const std::string& name : table.key) {
        out += out.empty() ? "" : " || ',' || ";
        out += value_as_text(*table.find_column(name), prefix);
    }
    return out;
}

}  // namespace muster::sql
