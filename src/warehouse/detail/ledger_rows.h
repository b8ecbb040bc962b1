// Rows of the ledger's tables as records, the same in every warehouse. `Rows` is a database's own
// result and stands on a row: text(column) and int64(column).
#pragma once

#include "core/result.h"
#include "warehouse/ledger.h"
#include "warehouse/row_tables.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

// Of the columns run_id, status, trigger, error, started_at_us, finished_at_us, kind, backup; its
// tables are not among them.
template <typename Rows>
RunRecord read_run(const Rows& row) {
    RunRecord run;
    run.run_id = row.text(0);
    run.status = row.text(1);
    run.trigger = row.text(2);
    run.error = row.text(3);
    run.started_at_us = row.int64(4);
    run.finished_at_us = row.int64(5);
    run.kind = row.text(6);
    run.backup = row.text(7);
    return run;
}

// Of the columns of muster.objects, in their order.
template <typename Rows>
ObjectVersion read_object_version(const Rows& row) {
    ObjectVersion version;
    version.table = row.text(0);
    version.object = row.text(1);
    version.run_id = row.text(2);
    version.bytes = static_cast<std::uint64_t>(row.int64(3));
    version.mtime_ns = row.int64(4);
    version.ctime_ns = row.int64(5);
    version.inode = static_cast<std::uint64_t>(row.int64(6));
    version.etag = row.text(7);
    version.content_hash = row.text(8);
    version.rule_fingerprint = row.text(9);
    version.schema_fingerprint = row.text(10);
    version.counts.read = row.int64(11);
    version.counts.inserted = row.int64(12);
    version.counts.updated = row.int64(13);
    version.counts.unchanged = row.int64(14);
    version.counts.deduplicated = row.int64(15);
    version.counts.rejected = row.int64(16);
    version.counts.blank_lines = row.int64(17);
    version.loaded_at_us = row.int64(18);
    return version;
}

// Of the columns of muster.rejects that are listed. `raw` is that of kRejectRawColumn, which each
// database stores in its own way.
inline constexpr std::size_t kRejectRawColumn = 7;
template <typename Rows>
Result<RejectEntry> read_reject(const Rows& row, std::string raw) {
    RejectEntry entry;
    entry.id = RejectId(std::string(row.text(0)));
    entry.run_id = row.text(1);
    entry.table = row.text(2);
    entry.object = row.text(3);
    entry.line = static_cast<std::uint64_t>(row.int64(4));
    entry.offset = static_cast<std::uint64_t>(row.int64(5));
    entry.length = static_cast<std::uint64_t>(row.int64(6));
    entry.raw = std::move(raw);
    entry.severity = row.text(8);
    entry.state = row.text(9);
    entry.state_note = row.text(10);
    MUSTER_ASSIGN(entry.reasons, parse_reasons_json(row.text(11)));
    entry.pointer = row.text(12);
    return entry;
}

// Within the reasons every quote of a value is escaped, so this text can only be a code; "" of "".
std::string code_in_reasons(const std::string& code);

// Of the runs that begin with `run_id`, at most two, the one that is meant. kNotFound if there is
// none, or more than one and none of just this name.
Result<RunRecord> only_run(std::vector<RunRecord> found, const std::string& run_id);

// The names of the tables that a run is to load, as begin_run stores them.
std::string planned_tables_json(const RunRecord& run);

// How a run ends whose process died, by the tables that it planned and those it published.
struct LostRunEnd {
    std::string_view status;
    std::string_view error;
};
LostRunEnd end_of_lost_run(const std::string& planned_json, const std::set<std::string>& published);

// A reference leads to a table that was not made yet.
Error referenced_table_missing(const TableName& table);

}  // namespace muster
