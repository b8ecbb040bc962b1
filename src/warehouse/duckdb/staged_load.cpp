// Staging: the clean Parquet files stay where they are and are read through a view. Rows with the
// same key are found by one aggregation over the keys; only those few are looked at further.
#include "warehouse/duckdb/staged_load.h"

#include "core/limits.h"
#include "engine/detail/parquet_source.h"
#include "engine/detail/scan_source.h"
#include "types/decode.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {

namespace {

Error damaged(const std::string& object) {
    return Error{ErrorCode::kVerification,
                 "the clean objects of " + object + " do not hold what its scan wrote",
                 "run again with --force to scan it anew",
                 ""};
}

bool readable(const LoadObject& object) { return !object.scan.problem_code; }

// Which rows lose: max or min position wins; under `reject` any difference refuses the whole key.
std::string losers_sql(const Table& table) {
    const std::string keys = sql::column_list(table.key);
    const char* best = table.on_duplicate_key == DuplicatePolicy::kLast ? "max" : "min";
    const std::string judged =
        "SELECT l._position AS position, l._winner AS winner, " +
        sql::values_differ(table, "l.", "w.") + " AS differs, " +
        sql::column_list(table.key, "l.") + " FROM (SELECT *, " + best +
        "(_position) OVER (PARTITION BY " + keys +
        ") AS _winner FROM dup_rows) l JOIN dup_rows w ON w._position = l._winner";
    if (table.on_duplicate_key != DuplicatePolicy::kReject) {
        return "SELECT position, differs AS noticed, false AS refused FROM (" + judged +
               ") WHERE position <> winner";
    }
    return "SELECT position, false AS noticed, conflict AS refused FROM (SELECT *, bool_or(differs)"
           " OVER (PARTITION BY " +
           keys + ") AS conflict FROM (" + judged + ")) WHERE conflict OR position <> winner";
}

std::string duplicate_reasons_sql(const Table& table) {
    const char* message = "";
    switch (table.on_duplicate_key) {
        case DuplicatePolicy::kLast:
            message = "a later record with the same key and other values was loaded";
            break;
        case DuplicatePolicy::kFirst:
            message = "an earlier record with the same key and other values was loaded";
            break;
        case DuplicatePolicy::kReject:
            message = "several records share this key and differ in their values";
            break;
    }
    const std::string column = table.key.size() == 1 ? sql_text(table.key.front()) : "NULL";
    return "'[' || json_object('code', 'key.duplicate', 'column', " + column + ", 'value', " +
           sql::key_as_text(table, "d.") + ", 'message', " + sql_text(message) + ") || ']'";
}

}  // namespace

StagedLoad::StagedLoad(Connection& connection,
                       const LoadRequest& request,
                       std::uint64_t memory_bytes)
    : connection_(connection),
      request_(request),
      table_(request.table),
      memory_bytes_(memory_bytes),
      tallies_(request.objects.size()),
      rule_fingerprint_(rule_fingerprint(request.table)),
      schema_fingerprint_(schema_fingerprint(request.table)) {
    for (std::size_t i = 0; i < request.objects.size(); ++i) {
        index_by_ordinal_[request.objects[i].scan.ordinal] = i;
    }
}

Result<void> StagedLoad::add_to_tally(std::int64_t ordinal,
                                      std::int64_t count,
                                      std::int64_t ObjectTally::*field) {
    const auto at = index_by_ordinal_.find(static_cast<std::uint64_t>(ordinal));
    if (at == index_by_ordinal_.end()) {
        return Error{ErrorCode::kInternal, "a staged row belongs to no object", "", ""};
    }
    tallies_[at->second].*field += count;
    return {};
}

Result<std::int64_t> StagedLoad::add_by_ordinal(const std::string& sql,
                                                std::int64_t ObjectTally::*field) {
    MUSTER_ASSIGN(auto rows, connection_.query(sql));
    std::int64_t total = 0;
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return total;
        }
        MUSTER_TRY(add_to_tally(rows.int64(0), rows.int64(1), field));
        total += rows.int64(1);
    }
}

Result<void> StagedLoad::stage() {
    MUSTER_TRY(make_stage_view());
    MUSTER_TRY(collect_scan_rejects());
    MUSTER_TRY(connection_.execute(
        "CREATE TEMP TABLE losers (position BIGINT, noticed BOOLEAN, refused BOOLEAN);"
        "CREATE TEMP TABLE set_rejects (position BIGINT, severity VARCHAR, reasons VARCHAR);"));
    rising_ = keys_rise();
    if (!rising_ && staged_ > 1) {
        MUSTER_ASSIGN(ranges_,
                      KeyRanges::split(connection_, table_, "stage", staged_, memory_bytes_));
        MUSTER_TRY(find_duplicates());
    }
    return connection_.execute(
        losers_ == 0 ? "CREATE TEMP VIEW winners AS SELECT * FROM stage"
                     : "CREATE TEMP VIEW winners AS SELECT * FROM stage ANTI JOIN losers"
                       " ON stage._position = losers.position");
}

Result<void> StagedLoad::make_stage_view() {
    std::vector<std::filesystem::path> paths;
    for (const LoadObject& object : request_.objects) {
        for (const auto& part : object.parts) {
            if (readable(object)) {
                paths.push_back(part);
            }
        }
    }
    if (!paths.empty()) {
        MUSTER_TRY(count_staged(paths));
        return connection_.execute("CREATE TEMP VIEW stage AS SELECT " + sql::column_list(table_) +
                                   ", _position FROM " + parquet_source_sql(paths));
    }
    std::string nothing;
    for (const Column& column : table_.columns) {
        nothing +=
            "CAST(NULL AS " + sql_type(column.type) + ") AS " + sql_identifier(column.name) + ", ";
    }
    return connection_.execute("CREATE TEMP VIEW stage AS SELECT " + nothing +
                               "0::BIGINT AS _position WHERE false");
}

// The rows that are really there, against what the scan counted.
Result<void> StagedLoad::count_staged(const std::vector<std::filesystem::path>& paths) {
    std::map<std::string, std::size_t> index_by_path;
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        for (const auto& part : request_.objects[i].parts) {
            index_by_path[part.string()] = i;
        }
    }
    MUSTER_ASSIGN(auto rows,
                  connection_.query("SELECT file_name, num_rows FROM parquet_file_metadata(" +
                                    parquet_names_sql(paths) + ")"));
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            break;
        }
        const auto at = index_by_path.find(std::string(rows.text(0)));
        if (at == index_by_path.end()) {
            return Error{ErrorCode::kInternal, "DuckDB names an unknown file", "", ""};
        }
        tallies_[at->second].staged += rows.int64(1);
        staged_ += rows.int64(1);
    }
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        const LoadObject& object = request_.objects[i];
        if (readable(object) &&
            tallies_[i].staged != static_cast<std::int64_t>(object.scan.clean)) {
            return damaged(object.scan.object);
        }
    }
    return {};
}

Result<void> StagedLoad::collect_scan_rejects() {
    MUSTER_TRY(connection_.execute(
        "CREATE TEMP TABLE load_rejects (id VARCHAR, position BIGINT, object VARCHAR, line BIGINT,"
        " \"offset\" BIGINT, length BIGINT, raw BLOB, severity VARCHAR, reasons VARCHAR);"
        "CREATE TEMP TABLE reject_files (file VARCHAR, ordinal BIGINT, object VARCHAR)"));
    std::vector<std::filesystem::path> files;
    MUSTER_ASSIGN(auto names, Appender::open(connection_, nullptr, "reject_files"));
    for (const LoadObject& object : request_.objects) {
        if (!readable(object)) {
            continue;
        }
        for (const auto& [code, count] : object.scan.rejects_by_code) {
            scan_rejects_by_code_[code] += count;
        }
        if (!object.rejects.empty()) {
            files.push_back(object.rejects);
            MUSTER_TRY(names.add(std::string_view(object.rejects.native()))
                           .add(static_cast<std::int64_t>(object.scan.ordinal))
                           .add(std::string_view(object.scan.object))
                           .end_row());
        }
    }
    MUSTER_TRY(names.close());
    if (!files.empty()) {
        MUSTER_TRY(read_scan_rejects(files));
    }
    return check_scan_rejects();
}

// One statement for all files: DuckDB keeps pages of its own for each INSERT of a transaction.
Result<void> StagedLoad::read_scan_rejects(const std::vector<std::filesystem::path>& files) {
    MUSTER_ASSIGN(
        const auto stored,
        connection_.change(
            "INSERT INTO load_rejects SELECT muster_reject_id(?, r.raw_hash, r.occurrence),"
            " (f.ordinal << 48) | r.\"offset\", f.object, r.line, r.\"offset\", r.length, r.raw,"
            " r.severity, r.reasons FROM " +
                parquet_source_sql(files) + " r JOIN reject_files f ON f.file = r.filename",
            std::string_view(table_.name.str())));
    MUSTER_ASSIGN(const auto tallied,
                  add_by_ordinal("SELECT position >> 48, count(*) FROM load_rejects GROUP BY ALL",
                                 &ObjectTally::scan_rejects));
    if (tallied != stored) {
        return Error{ErrorCode::kInternal, "rejects that were stored were not counted", "", ""};
    }
    return {};
}

Result<void> StagedLoad::check_scan_rejects() const {
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        const LoadObject& object = request_.objects[i];
        if (readable(object) &&
            tallies_[i].scan_rejects != static_cast<std::int64_t>(object.scan.rejected)) {
            return damaged(object.scan.object);
        }
    }
    return {};
}

Result<std::optional<std::int64_t>> StagedLoad::position_of(const std::filesystem::path& file,
                                                            std::int64_t row) {
    MUSTER_ASSIGN(auto rows,
                  connection_.query("SELECT _position FROM " + parquet_source_sql({file}) +
                                        " WHERE file_row_number = ?",
                                    row));
    MUSTER_ASSIGN(const bool there, rows.next());
    return there ? std::optional<std::int64_t>(rows.int64(0)) : std::nullopt;
}

bool StagedLoad::keys_rise() const {
    const Column& key = *table_.find_column(table_.key.front());
    std::optional<Value> last;
    std::size_t filled = 0;
    for (const LoadObject& object : request_.objects) {
        const ScanReport& scan = object.scan;
        if (!readable(object) || scan.clean == 0) {
            continue;
        }
        Value first_key;
        Value last_key;
        const bool known =
            table_.key.size() == 1 &&
            decode_value(key.type, {}, scan.first_key, first_key) == DecodeStatus::kOk &&
            decode_value(key.type, {}, scan.last_key, last_key) == DecodeStatus::kOk;
        if (!scan.keys_rising || (filled > 0 && (!known || !last || !(*last < first_key)))) {
            return false;
        }
        last = known ? std::optional<Value>(last_key) : std::nullopt;
        ++filled;
    }
    return true;
}

Result<void> StagedLoad::find_duplicates() {
    const std::string keys = sql::column_list(table_.key);
    MUSTER_TRY(connection_.execute("CREATE TEMP TABLE dup_keys AS SELECT " + keys +
                                   " FROM stage LIMIT 0"));
    std::int64_t found = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        MUSTER_ASSIGN(const auto more,
                      connection_.change(fmt::format("INSERT INTO dup_keys SELECT {0} FROM stage "
                                                     "WHERE {1} GROUP BY {0} HAVING count(*) > 1",
                                                     keys,
                                                     ranges_.condition(i, ""))));
        found += more;
    }
    if (found != 0) {
        MUSTER_TRY(resolve_duplicates());
    }
    return connection_.execute("DROP TABLE dup_keys");
}

Result<void> StagedLoad::resolve_duplicates() {
    const std::string keys = sql::column_list(table_.key);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        MUSTER_TRY(
            connection_.execute("CREATE OR REPLACE TEMP TABLE dup_rows AS SELECT * FROM stage"
                                " SEMI JOIN dup_keys USING (" +
                                keys + ") WHERE " + ranges_.condition(i, "stage.")));
        MUSTER_ASSIGN(const auto added,
                      connection_.change("INSERT INTO losers " + losers_sql(table_)));
        losers_ += added;
        MUSTER_TRY(connection_.execute(
            "INSERT INTO set_rejects SELECT d._position, CASE WHEN l.refused THEN 'error' ELSE"
            " 'notice' END, " +
            duplicate_reasons_sql(table_) +
            " FROM losers l JOIN dup_rows d ON d._position = l.position"
            " WHERE l.refused OR l.noticed"));
    }
    return connection_.execute("DROP TABLE dup_rows");
}

}  // namespace muster
