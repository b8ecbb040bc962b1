// What makes a load need fewer passes: references judged by the few values that they have, and the
// rows of a first load sent into the table itself.
#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/arrays.h"
#include "warehouse/postgres/chunk_copy.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/load_job.h"
#include "warehouse/postgres/refusals.h"
#include "warehouse/postgres/rows_sql.h"

#include <fmt/format.h>

#include <optional>

namespace muster {
namespace {

// Fewer values of a reference than this are sent to the server; of more it joins the rows.
constexpr std::int64_t kFewValuesMax = 10'000;
// So many rows say whether it is worth the while to gather the values of all.
constexpr std::int64_t kSampleRows = 100'000;

// What COPY into a table cannot do and INSERT can: row security, for one.
constexpr std::string_view kNotSupported = "0A000";

// The values of a column of the staged rows; nothing if they are many.
Result<std::optional<std::vector<std::string>>> few_values(Connection& engine,
                                                           const std::string& column) {
    MUSTER_ASSIGN(const auto sampled,
                  engine.scalar(fmt::format(
                      "SELECT count(DISTINCT {0}) FROM (SELECT {0} FROM stage LIMIT {1})",
                      column,
                      kSampleRows)));
    std::optional<std::vector<std::string>> values;
    if (sampled > kFewValuesMax) {
        return values;
    }
    MUSTER_ASSIGN(
        auto rows,
        engine.query(fmt::format("SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT {0} AS v"
                                 " FROM stage WHERE {0} IS NOT NULL LIMIT {1})",
                                 column,
                                 kFewValuesMax + 1)));
    values.emplace();
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            break;
        }
        values->emplace_back(rows.text(0));
    }
    if (static_cast<std::int64_t>(values->size()) > kFewValuesMax) {
        values.reset();
    }
    return values;
}

}  // namespace

Result<bool> PostgresLoadJob::target_empty() {
    MUSTER_ASSIGN(const auto filled,
                  postgres_.scalar("SELECT EXISTS (SELECT FROM " +
                                   sql::identifier(table_.name.str()) + ")::int"));
    return filled == 0;
}

// A rule on the table would not see what COPY writes.
Result<void> PostgresLoadJob::choose_way() {
    MUSTER_ASSIGN(const auto rules,
                  postgres_.scalar("SELECT count(*) FROM pg_rules WHERE schemaname ="
                                   " current_schema() AND tablename = $1",
                                   table_.name.str()));
    MUSTER_ASSIGN(const bool empty, target_empty());
    direct_ = empty && rules == 0;
    return {};
}

Result<bool> PostgresLoadJob::references_hold_by_values() {
    for (const Reference& reference : table_.references) {
        MUSTER_ASSIGN(const auto values,
                      few_values(connection_, sql::identifier(reference.column)));
        if (!values) {
            return false;
        }
        MUSTER_ASSIGN(const std::string key, referenced_key(postgres_, reference));
        MUSTER_ASSIGN(
            const auto missing,
            postgres_.scalar(
                fmt::format("SELECT count(*) FROM unnest($1::{}[]) AS v(value) WHERE NOT EXISTS"
                            " (SELECT FROM {} r WHERE r.{} = v.value)",
                            postgres_type(table_.find_column(reference.column)->type),
                            sql::identifier(reference.table.str()),
                            key),
                postgres_array(*values)));
        if (missing > 0) {
            return false;
        }
    }
    return true;
}

Result<std::int64_t> PostgresLoadJob::send_winners(const std::string& target, bool with_position) {
    std::string names = sql::column_list(table_);
    std::vector<int> scales = scales_of(table_);
    if (with_position) {
        names += ", _position";
        scales.push_back(0);
    }
    // In the order of the key the index grows at its end only.
    const std::string order = rising_ ? "" : " ORDER BY " + sql::column_list(table_.key);
    MUSTER_ASSIGN(const auto copied,
                  copy_chunks(connection_,
                              "SELECT " + names + " FROM winners" + order,
                              postgres_,
                              target + " (" + names + ")",
                              scales));
    if (copied != staged_ - losers_) {
        return Error{ErrorCode::kInternal,
                     fmt::format("table {}: {} rows were sent, {} arrived",
                                 table_.name.str(),
                                 staged_ - losers_,
                                 copied),
                     "nothing was changed; please report this",
                     ""};
    }
    return copied;
}

Result<bool> PostgresLoadJob::publish_directly() {
    auto sent = send_winners(sql::identifier(table_.name.str()), false);
    if (sent.ok()) {
        inserted_ = *sent;
        if (auto checked = postgres_.execute(kCheckDeferred); checked.ok()) {
            MUSTER_TRY(check_balance());
            return true;
        } else {
            sent = std::move(checked).error();
        }
    }
    if (postgres_.usable() &&
        (refuses_rows(postgres_.sqlstate()) || postgres_.sqlstate() == kNotSupported)) {
        return false;
    }
    return std::move(sent).error();
}

}  // namespace muster
