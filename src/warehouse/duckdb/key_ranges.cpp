#include "warehouse/duckdb/key_ranges.h"

#include "engine/detail/scan_source.h"

#include <algorithm>

namespace muster {

namespace {

// What a row costs in a hash join or aggregation of keys, measured generously.
constexpr std::uint64_t kBytesPerRow = 64;
constexpr std::int64_t kSampleRows = 100'000;
constexpr std::size_t kRangesMax = 256;

}  // namespace

Result<KeyRanges> KeyRanges::split(Connection& connection,
                                   const Table& table,
                                   const std::string& relation,
                                   std::int64_t rows,
                                   std::uint64_t memory_bytes) {
    KeyRanges ranges;
    const std::uint64_t share = std::max<std::uint64_t>(memory_bytes / 2, 1);
    const std::size_t count = std::min<std::size_t>(
        static_cast<std::uint64_t>(rows) * kBytesPerRow / share + 1, kRangesMax);
    if (count < 2) {
        return ranges;
    }
    const std::string column = sql_identifier(table.key.front());
    std::string fractions;
    for (std::size_t i = 1; i < count; ++i) {
        fractions += (fractions.empty() ? "" : ", ") +
                     std::to_string(static_cast<double>(i) / static_cast<double>(count));
    }
    MUSTER_ASSIGN(auto rows_found,
                  connection.query("SELECT DISTINCT CAST(bound AS VARCHAR), bound FROM (SELECT "
                                   "unnest(quantile_disc(" +
                                   column + ", [" + fractions + "])) AS bound FROM (SELECT " +
                                   column + " FROM " + relation + " USING SAMPLE reservoir(" +
                                   std::to_string(kSampleRows) + " ROWS))) ORDER BY bound"));
    ranges.column_ = column;
    const std::string type = sql_type(table.find_column(table.key.front())->type);
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows_found.next());
        if (!more) {
            return ranges;
        }
        ranges.bounds_.push_back("CAST(" + sql_text(rows_found.text(0)) + " AS " + type + ")");
    }
}

std::string KeyRanges::condition(std::size_t range, const std::string& prefix) const {
    if (bounds_.empty()) {
        return "true";
    }
    std::string out;
    if (range > 0) {
        out = prefix + column_ + " >= " + bounds_[range - 1];
    }
    if (range < bounds_.size()) {
        out += (out.empty() ? "" : " AND ") + prefix + column_ + " < " + bounds_[range];
    }
    return out;
}

}  // namespace muster
