// What the tables themselves refuse: references without a target. Then the raw records of all that
// was found after the scan, by a second look at the objects.
#include "core/limits.h"
#include "core/text.h"
#include "warehouse/duckdb/load_job.h"
#include "warehouse/duckdb/sql.h"

#include <fmt/format.h>

namespace muster {

namespace {

// A referenced table beyond this is probed by the batch instead of being hashed as a whole.
constexpr std::int64_t kHashedReferenceRowsMax = 100'000;
constexpr std::int64_t kRawBatchRows = 1'000'000;

}  // namespace

Result<void> LoadJob::judge() {
    MUSTER_ASSIGN(target_rows_,
                  connection_.scalar("SELECT count(*) FROM " + sql::target(table_.name)));
    MUSTER_TRY(check_references());
    MUSTER_TRY(tally_set_rejects());
    if (set_rejects_ != 0) {
        MUSTER_TRY(fetch_raw_records());
    }
    return {};
}

// Names a relation of the referenced keys that the staged rows use.
Result<std::string> LoadJob::known_references(const Reference& reference, std::size_t index) {
    // The catalog guarantees one key column of the same type; its name is the table's first key.
    MUSTER_ASSIGN(auto rows,
                  connection_.query("SELECT schema_json ->> '$.key[0]' FROM muster.tables"
                                    " WHERE name = ?",
                                    std::string_view(reference.table.str())));
    MUSTER_ASSIGN(const bool found, rows.next());
    if (!found) {
        return Error{ErrorCode::kConflict,
                     "table " + reference.table.str() + " is not in the warehouse",
                     "run 'muster migrate'",
                     ""};
    }
    const std::string key = sql_identifier(rows.text(0));
    const std::string all = "SELECT " + key + " FROM " + sql::target(reference.table);
    MUSTER_ASSIGN(const auto count,
                  connection_.scalar("SELECT count(*) FROM " + sql::target(reference.table)));
    const std::string name = "known_" + std::to_string(index);
    if (count > kHashedReferenceRowsMax) {
        MUSTER_TRY(connection_.execute("CREATE TEMP TABLE " + name + " AS " + all + " WHERE " +
                                       key + " IN (SELECT " + sql_identifier(reference.column) +
                                       " FROM winners)"));
    } else {
        MUSTER_TRY(connection_.execute("CREATE TEMP TABLE " + name + " AS " + all));
    }
    if (reference.table == table_.name) {  // rows of the same load count as well
        MUSTER_TRY(connection_.execute("INSERT INTO " + name + " SELECT " + key + " FROM winners"));
    }
    return "(FROM " + name + ")";
}

Result<void> LoadJob::check_references() {
    std::string condition;
    std::string reasons;
    for (std::size_t i = 0; i < table_.references.size() && staged_ > 0; ++i) {
        const Reference& reference = table_.references[i];
        MUSTER_ASSIGN(const auto known, known_references(reference, i));
        const std::string column = "w." + sql_identifier(reference.column);
        const std::string absent =
            fmt::format("({0} IS NOT NULL AND {0} NOT IN {1})", column, known);
        condition += (condition.empty() ? "" : " OR ") + absent;
        reasons += fmt::format(
            ", CASE WHEN {} THEN json_object('code', 'reference.missing', 'column', {}, 'value', "
            "{},"
            " 'message', {}) END",
            absent,
            sql_text(reference.column),
            sql::value_as_text(*table_.find_column(reference.column), "w."),
            sql_text("no row of " + reference.table.str() + " has this key"));
    }
    if (!condition.empty()) {
        MUSTER_ASSIGN(missing_,
                      connection_.change("INSERT INTO set_rejects SELECT w._position, 'error', '['"
                                         " || concat_ws(','" +
                                         reasons + ") || ']' FROM winners w WHERE " + condition));
    }
    return connection_.execute(
        missing_ == 0 ? "CREATE TEMP VIEW passing AS SELECT * FROM winners"
                      : "CREATE TEMP VIEW passing AS SELECT * FROM winners ANTI JOIN set_rejects"
                        " ON winners._position = set_rejects.position");
}

Result<void> LoadJob::tally_set_rejects() {
    if (losers_ != 0) {
        MUSTER_ASSIGN(const auto losers,
                      add_by_ordinal("SELECT position >> 48, count(*) FROM losers WHERE NOT refused"
                                     " GROUP BY 1",
                                     &ObjectTally::deduplicated));
        static_cast<void>(losers);
    }
    MUSTER_ASSIGN(const auto refused,
                  add_by_ordinal("SELECT position >> 48, count(*) FROM set_rejects WHERE"
                                 " severity = 'error' GROUP BY 1",
                                 &ObjectTally::set_rejected));
    MUSTER_ASSIGN(set_rejects_, connection_.scalar("SELECT count(*) FROM set_rejects"));
    const std::int64_t notices = set_rejects_ - refused;
    if (notices != 0) {
        notices_by_code_["key.duplicate"] += static_cast<std::uint64_t>(notices);
    }
    if (refused > missing_) {
        rejects_by_code_["key.duplicate"] += static_cast<std::uint64_t>(refused - missing_);
    }
    if (missing_ != 0) {
        MUSTER_ASSIGN(
            const auto reasons,
            connection_.scalar("SELECT sum(json_array_length(reasons))::BIGINT FROM set_rejects"
                               " WHERE contains(reasons, '\"code\":\"reference.missing\"')"));
        rejects_by_code_["reference.missing"] += static_cast<std::uint64_t>(reasons);
    }
    return {};
}

Result<void> LoadJob::fetch_object(const LoadObject& object, Appender& appender) {
    const auto base = static_cast<std::int64_t>(object.scan.ordinal << kPositionOffsetBits);
    const std::int64_t end = base + (std::int64_t{1} << kPositionOffsetBits);
    std::int64_t after = base - 1;
    for (;;) {
        std::vector<std::uint64_t> offsets;
        {
            MUSTER_ASSIGN(auto rows,
                          connection_.query("SELECT position FROM set_rejects WHERE position > ?"
                                            " AND position < ? ORDER BY position LIMIT ?",
                                            after,
                                            end,
                                            kRawBatchRows));
            for (;;) {
                MUSTER_ASSIGN(const bool more, rows.next());
                if (!more) {
                    break;
                }
                after = rows.int64(0);
                offsets.push_back(static_cast<std::uint64_t>(after - base));
            }
        }
        if (offsets.empty()) {
            return {};
        }
        std::size_t found = 0;
        MUSTER_TRY(
            request_.raw_records(object.scan.object, offsets, [&](const RejectedRecord& record) {
                ++found;
                return appender.add(base + static_cast<std::int64_t>(record.offset))
                    .add(static_cast<std::int64_t>(record.line))
                    .add(static_cast<std::int64_t>(record.length))
                    .add_blob(record.raw)
                    .add(std::string_view(raw_hash_text(record.raw_hash)))
                    .end_row();
            }));
        if (found != offsets.size()) {
            return Error{ErrorCode::kConflict,
                         object.scan.object + " is no longer the object that was scanned",
                         "run again",
                         ""};
        }
    }
}

Result<void> LoadJob::fetch_raw_records() {
    MUSTER_TRY(connection_.execute(
        "CREATE TEMP TABLE raw_found (position BIGINT, line BIGINT, length BIGINT, raw BLOB,"
        " raw_hash VARCHAR);"
        "CREATE TEMP TABLE load_objects (ordinal BIGINT, object VARCHAR);"));
    {
        MUSTER_ASSIGN(auto records, Appender::open(connection_, nullptr, "raw_found"));
        MUSTER_ASSIGN(auto objects, Appender::open(connection_, nullptr, "load_objects"));
        for (const LoadObject& object : request_.objects) {
            MUSTER_TRY(objects.add(static_cast<std::int64_t>(object.scan.ordinal))
                           .add(std::string_view(object.scan.object))
                           .end_row());
            MUSTER_TRY(fetch_object(object, records));
        }
        MUSTER_TRY(records.close());
        MUSTER_TRY(objects.close());
    }
    MUSTER_ASSIGN(
        const auto added,
        connection_.change(
            "INSERT INTO load_rejects SELECT muster_reject_id(?, f.raw_hash, row_number() OVER"
            " (PARTITION BY s.position >> 48, f.raw_hash ORDER BY s.position)), s.position,"
            " o.object, f.line, s.position & ((1::BIGINT << 48) - 1), f.length, f.raw, s.severity,"
            " s.reasons FROM set_rejects s JOIN raw_found f USING (position) JOIN load_objects o"
            " ON o.ordinal = s.position >> 48",
            std::string_view(table_.name.str())));
    if (added != set_rejects_) {
        return Error{ErrorCode::kInternal, "a rejected row has no raw record", "", ""};
    }
    return connection_.execute("DROP TABLE raw_found; DROP TABLE load_objects");
}

std::optional<std::string> LoadJob::excess() const {
    std::int64_t read = 0;
    std::int64_t rejected = 0;
    for (std::size_t i = 0; i < tallies_.size(); ++i) {
        if (request_.objects[i].scan.problem_code) {
            continue;
        }
        read += static_cast<std::int64_t>(request_.objects[i].scan.read);
        rejected += tallies_[i].scan_rejects + tallies_[i].set_rejected;
    }
    const RejectLimit& limit = table_.reject_limit;
    const double percent =
        read == 0 ? 0 : 100.0 * static_cast<double>(rejected) / static_cast<double>(read);
    std::string bound;
    if (limit.rows && rejected > *limit.rows) {
        bound = with_thousands(*limit.rows) + " records";
    } else if (limit.percent && percent > *limit.percent) {
        bound = fmt::format("{:g} %", *limit.percent);
    } else {
        return std::nullopt;
    }
    return fmt::format(
        "table {}: {} of {} records were rejected ({:.2f} %), the limit is {};"
        " the table is untouched",
        table_.name.str(),
        with_thousands(rejected),
        with_thousands(read),
        percent,
        bound);
}

}  // namespace muster
