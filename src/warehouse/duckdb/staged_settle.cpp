// The second half of staging: the raw records of all that was found after the scan, by a second
// look at the objects, and the counts.
#include "core/limits.h"
#include "core/text.h"
#include "warehouse/duckdb/sql.h"
#include "warehouse/duckdb/staged_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace muster {

namespace {

constexpr std::int64_t kRawBatchRows = 1'000'000;

}  // namespace

Result<void> StagedLoad::settle() {
    if (std::exchange(settled_, true)) {
        MUSTER_TRY(forget_set_rejects());
    }
    rejects_by_code_ = scan_rejects_by_code_;
    notices_by_code_.clear();
    MUSTER_TRY(tally_set_rejects());
    return set_rejects_ == 0 ? Result<void>() : fetch_raw_records();
}

Result<void> StagedLoad::forget_set_rejects() {
    for (ObjectTally& tally : tallies_) {
        tally.deduplicated = 0;
        tally.set_rejected = 0;
    }
    return connection_.execute(
        "DELETE FROM load_rejects WHERE position IN (SELECT position FROM set_rejects)");
}

Result<void> StagedLoad::refuse_unfit(const std::vector<UnfitRow>& rows) {
    MUSTER_TRY(
        connection_.execute("CREATE OR REPLACE TEMP TABLE unfit_found (position BIGINT,"
                            " \"column\" VARCHAR, message VARCHAR)"));
    {
        MUSTER_ASSIGN(auto found, Appender::open(connection_, nullptr, "unfit_found"));
        for (const UnfitRow& row : rows) {
            MUSTER_TRY(found.add(row.position)
                           .add(std::string_view(row.column))
                           .add(std::string_view(row.message))
                           .end_row());
        }
        MUSTER_TRY(found.close());
    }
    MUSTER_ASSIGN(
        const auto added,
        connection_.change("INSERT INTO set_rejects SELECT w._position, 'error', '[' ||"
                           " json_object('code', 'destination.rejected', 'column',"
                           " nullif(u.\"column\", ''), 'value', '', 'message', u.message) || ']'"
                           " FROM unfit_found u JOIN winners w ON w._position = u.position"));
    unfit_ += added;
    if (added != static_cast<std::int64_t>(rows.size())) {
        return Error{ErrorCode::kInternal, "a row that was refused is not staged", "", ""};
    }
    return settle();
}

Result<void> StagedLoad::tally_set_rejects() {
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
    if (refused > missing_ + unfit_) {
        rejects_by_code_["key.duplicate"] +=
            static_cast<std::uint64_t>(refused - missing_ - unfit_);
    }
    MUSTER_TRY(count_reasons("reference.missing", missing_));
    return count_reasons("destination.rejected", unfit_);
}

Result<void> StagedLoad::count_reasons(const std::string& code, std::int64_t rows) {
    if (rows == 0) {
        return {};
    }
    MUSTER_ASSIGN(const auto reasons,
                  connection_.scalar("SELECT sum(json_array_length(reasons))::BIGINT FROM"
                                     " set_rejects WHERE contains(reasons, '\"code\":\"" +
                                     code + "\"')"));
    rejects_by_code_[code] += static_cast<std::uint64_t>(reasons);
    return {};
}

Result<Appender> StagedLoad::open_missing() {
    MUSTER_TRY(
        connection_.execute("CREATE TEMP TABLE missing_found (position BIGINT, reference BIGINT)"));
    return Appender::open(connection_, nullptr, "missing_found");
}

Result<std::int64_t> StagedLoad::refuse_missing() {
    std::string reasons;
    for (std::size_t i = 0; i < table_.references.size(); ++i) {
        reasons += fmt::format(", CASE WHEN list_contains(m.refused, {}) THEN {} END",
                               i,
                               reference_reason(table_.references[i]));
    }
    return connection_.change(
        "INSERT INTO set_rejects SELECT w._position, 'error', '[' ||"
        " concat_ws(','" +
        reasons +
        ") || ']' FROM (SELECT position, list(reference) AS refused"
        " FROM missing_found GROUP BY position) m JOIN winners w ON"
        " w._position = m.position");
}

Result<void> StagedLoad::check_missing(std::int64_t refused, std::int64_t removed) const {
    if (refused == missing_ && removed == missing_) {
        return {};
    }
    return Error{ErrorCode::kInternal,
                 fmt::format("table {}: {} rows have a missing reference, {} were found again",
                             table_.name.str(),
                             missing_,
                             std::min(refused, removed)),
                 "nothing was changed; please report this",
                 ""};
}

Result<void> StagedLoad::fetch_object(const LoadObject& object, Appender& appender) {
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

Result<void> StagedLoad::fetch_raw_records() {
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

std::optional<std::string> StagedLoad::excess() const {
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

std::string StagedLoad::reference_reason(const Reference& reference) const {
    return fmt::format(
        "json_object('code', 'reference.missing', 'column', {}, 'value', {}, 'message', {})",
        sql_text(reference.column),
        sql::value_as_text(*table_.find_column(reference.column), "w."),
        sql_text("no row of " + reference.table.str() + " has this key"));
}

std::int64_t StagedLoad::passing() const {
    std::int64_t rows = 0;
    for (const ObjectTally& tally : tallies_) {
        rows += tally.staged - tally.deduplicated - tally.set_rejected;
    }
    return rows;
}

ObjectVersion StagedLoad::object_version(std::size_t index, std::int64_t now_us) const {
    const LoadObject& object = request_.objects[index];
    return {.table = table_.name.str(),
            .object = object.scan.object,
            .run_id = request_.run.str(),
            .bytes = object.source.bytes,
            .mtime_ns = object.source.mtime_ns,
            .ctime_ns = object.source.ctime_ns,
            .inode = object.source.inode,
            .etag = object.source.etag,
            .content_hash = object.scan.content_hash,
            .rule_fingerprint = rule_fingerprint_,
            .schema_fingerprint = schema_fingerprint_,
            .counts = counts_of(index),
            .loaded_at_us = now_us};
}

LoadCounts StagedLoad::counts_of(std::size_t index) const {
    const LoadObject& object = request_.objects[index];
    const ObjectTally& tally = tallies_[index];
    LoadCounts counts;
    if (object.scan.problem_code) {
        return counts;
    }
    counts.read = static_cast<std::int64_t>(object.scan.read);
    counts.blank_lines = static_cast<std::int64_t>(object.scan.blank_lines);
    counts.updated = tally.updated;
    counts.unchanged = tally.unchanged;
    counts.deduplicated = tally.deduplicated;
    counts.rejected = tally.scan_rejects + tally.set_rejected;
    counts.inserted =
        tally.staged - tally.deduplicated - tally.set_rejected - tally.updated - tally.unchanged;
    return counts;
}

Result<LoadCounts> StagedLoad::balanced_counts() const {
    LoadCounts total;
    for (std::size_t i = 0; i < tallies_.size(); ++i) {
        const LoadCounts counts = counts_of(i);
        if (!counts.balanced() || counts.inserted < 0) {
            return Error{ErrorCode::kInternal,
                         fmt::format("{} does not balance: read {}, inserted {}, updated {},"
                                     " unchanged {}, deduplicated {}, rejected {}",
                                     request_.objects[i].scan.object,
                                     counts.read,
                                     counts.inserted,
                                     counts.updated,
                                     counts.unchanged,
                                     counts.deduplicated,
                                     counts.rejected),
                         "nothing was changed; please report this",
                         ""};
        }
        total += counts;
    }
    return total;
}

TableOutcome StagedLoad::outcome() const {
    TableOutcome outcome;
    outcome.table = table_.name.str();
    outcome.status = "loaded";
    for (std::size_t i = 0; i < request_.objects.size(); ++i) {
        const ScanReport& scan = request_.objects[i].scan;
        ObjectOutcome object;
        object.object = scan.object;
        object.status = scan.problem_code ? "failed" : "loaded";
        object.code = scan.problem_code.value_or("");
        object.error = scan.problem_code ? *scan.problem_code + ": " + scan.problem_message : "";
        object.counts = counts_of(i);
        object.bytes = scan.object_bytes;
        outcome.counts += object.counts;
        outcome.bytes += object.bytes;
        if (scan.problem_code) {
            outcome.status = "partial";
        }
        outcome.objects.push_back(std::move(object));
    }
    outcome.rejects_by_code = rejects_by_code_;
    outcome.notices_by_code = notices_by_code_;
    return outcome;
}

TableOutcome StagedLoad::refused_outcome(const std::string& error) const {
    TableOutcome refused = outcome();
    refused.status = "limit";
    refused.error = error;
    // Nothing of what passed was written.
    const auto withhold = [](LoadCounts& counts) {
        counts = {
            .read = counts.read, .rejected = counts.rejected, .blank_lines = counts.blank_lines};
    };
    for (ObjectOutcome& object : refused.objects) {
        object.status = "failed";
        object.error = "withheld: the table is over its reject limit";
        withhold(object.counts);
    }
    withhold(refused.counts);
    return refused;
}

}  // namespace muster
