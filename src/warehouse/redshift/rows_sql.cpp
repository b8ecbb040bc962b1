#include "warehouse/redshift/rows_sql.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/redshift/dialect.h"

#include <fmt/format.h>

namespace muster::redshift {
namespace {

std::string parameter(std::size_t number, const Column& column) {
    return fmt::format("CAST(${} AS {})", number, type_name(column.type));
}

// (k = $1 AND l = $2) OR (k = $3 AND ...
std::string keys_condition(const Table& table, std::size_t keys) {
    std::string out;
    std::size_t number = 0;
    for (std::size_t i = 0; i < keys; ++i) {
        std::string one;
        for (const std::string& name : table.key) {
            const Column& column = *table.find_column(name);
            one += (one.empty() ? "" : " AND ") +
                   column_equal(column, sql::identifier(name), parameter(++number, column));
        }
        out += (out.empty() ? "(" : " OR (") + one + ")";
    }
    return out;
}

}  // namespace

std::string select_keys(const Table& table, std::size_t keys) {
    return fmt::format("SELECT {} FROM {} WHERE {}",
                       sql::column_list(table),
                       sql::identifier(table.name.str()),
                       keys_condition(table, keys));
}

std::string delete_keys(const Table& table, std::size_t keys) {
    return fmt::format(
        "DELETE FROM {} WHERE {}", sql::identifier(table.name.str()), keys_condition(table, keys));
}

std::string select_referenced(const Column& referring,
                              const TableName& referenced,
                              const std::string& key,
                              std::size_t values) {
    std::string condition;
    for (std::size_t i = 1; i <= values; ++i) {
        condition += (condition.empty() ? "(" : " OR (") +
                     column_equal(referring, key, parameter(i, referring)) + ")";
    }
    return fmt::format(
        "SELECT {} FROM {} WHERE {}", key, sql::identifier(referenced.str()), condition);
}

std::string parameter_list(std::size_t first, std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) {
        list += fmt::format("{}${}", list.empty() ? "(" : ", ", first + i);
    }
    return list + ")";
}

std::string known_rejects(std::size_t ids) {
    return "SELECT id, run_id, state, state_note FROM muster.rejects WHERE id IN " +
           parameter_list(1, ids);
}

std::string delete_rejects(std::size_t ids) {
    return "DELETE FROM muster.rejects WHERE id IN " + parameter_list(1, ids);
}

std::string delete_objects(std::size_t names) {
    return "DELETE FROM muster.objects WHERE table_name = $1 AND object IN " +
           parameter_list(2, names);
}

InsertTarget table_target(const Table& table) {
    InsertTarget target;
    target.relation = sql::identifier(table.name.str()) + " (" + sql::column_list(table) + ")";
    for (const Column& column : table.columns) {
        target.types.push_back(type_name(column.type));
    }
    return target;
}

const InsertTarget& rejects_target() {
    static const InsertTarget kTarget{
        "muster.rejects (id, run_id, last_seen_run, table_name, object, line, \"offset\", length,"
        " \"raw\", severity, state, state_note, reasons, last_seen_us, pointer)",
        {"VARCHAR(64)",
         "VARCHAR(64)",
         "VARCHAR(64)",
         "VARCHAR(127)",
         "VARCHAR(4096)",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "VARCHAR(65535)",
         "VARCHAR(16)",
         "VARCHAR(16)",
         "VARCHAR(65535)",
         "VARCHAR(65535)",
         "BIGINT",
         "VARCHAR(1024)"}};
    return kTarget;
}

const InsertTarget& answers_target() {
    static const InsertTarget kTarget{
        "muster.idempotency_keys (scope, key, payload_hash, status, part, headers, body,"
        " expires_at_us)",
        {"VARCHAR(4096)",
         "VARCHAR(1024)",
         "VARCHAR(128)",
         "BIGINT",
         "INTEGER",
         "VARCHAR(65535)",
         "VARCHAR(65535)",
         "BIGINT"}};
    return kTarget;
}

const InsertTarget& objects_target() {
    static const InsertTarget kTarget{
        "muster.objects (table_name, object, run_id, bytes, mtime_ns, ctime_ns, inode, etag,"
        " content_hash, rule_fingerprint, schema_fingerprint, read, inserted, updated, unchanged,"
        " deduplicated, rejected, blank_lines, loaded_at_us)",
        {"VARCHAR(127)",
         "VARCHAR(4096)",
         "VARCHAR(64)",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "VARCHAR(1024)",
         "VARCHAR(64)",
         "VARCHAR(64)",
         "VARCHAR(64)",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT",
         "BIGINT"}};
    return kTarget;
}

const InsertTarget& replay_target() {
    static const InsertTarget kTarget{"muster_replay (\"offset\", id)", {"BIGINT", "VARCHAR(64)"}};
    return kTarget;
}

}  // namespace muster::redshift
