// The reject ledger as it is listed.
#include "core/text.h"
#include "warehouse/redshift/base64.h"
#include "warehouse/redshift/ledger_sql.h"
#include "warehouse/redshift/redshift_warehouse.h"

#include <fmt/format.h>

namespace muster {
namespace {

// The conditions of a filter; {0} in a condition is its parameter.
class Conditions {
  public:
    void add(std::string_view condition, const std::string& value) {
        if (!value.empty()) {
            params.add(value);
            sql += " AND " +
                   fmt::format(fmt::runtime(condition),
                               fmt::format("CAST(${} AS VARCHAR(4096))", params.list().size()));
        }
    }
    std::string sql;
    PgParams params;
};

Conditions conditions_of(const RejectFilter& filter) {
    Conditions conditions;
    conditions.add("table_name = {0}", filter.table);
    // Within a value every quote is escaped, so this text can only be a code.
    conditions.add("POSITION({0} IN reasons) > 0",
                   filter.code.empty() ? "" : "\"code\":" + json_quote(filter.code));
    conditions.add("state = {0}", filter.state);
    conditions.add("severity = {0}", filter.severity);
    conditions.add("(run_id = {0} OR last_seen_run = {0})", filter.run_id);
    conditions.add(fmt::format("LEFT(id, {}) = {{0}}", filter.id_prefix.size()), filter.id_prefix);
    return conditions;
}

Result<RejectEntry> read_reject(const PgRows& row) {
    RejectEntry entry;
    entry.id = RejectId(std::string(row.text(0)));
    entry.run_id = row.text(1);
    entry.table = row.text(2);
    entry.object = row.text(3);
    entry.line = static_cast<std::uint64_t>(row.int64(4));
    entry.offset = static_cast<std::uint64_t>(row.int64(5));
    entry.length = static_cast<std::uint64_t>(row.int64(6));
    auto raw = redshift::base64_decode(row.text(7));
    if (!raw) {
        return Error{ErrorCode::kVerification,
                     "the raw record of reject " + entry.id.str() + " is no base64",
                     "somebody changed muster.rejects; delete the row and load its object again",
                     ""};
    }
    entry.raw = *std::move(raw);
    entry.severity = row.text(8);
    entry.state = row.text(9);
    entry.state_note = row.text(10);
    MUSTER_ASSIGN(entry.reasons, parse_reasons_json(row.text(11)));
    entry.pointer = row.text(12);
    return entry;
}

}  // namespace

Result<void> RedshiftWarehouse::rejects(
    const RejectFilter& filter, const std::function<Result<void>(const RejectEntry&)>& found) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    const Conditions conditions = conditions_of(filter);
    const std::string cut = filter.limit < 0 ? "" : " LIMIT " + std::to_string(filter.limit);
    MUSTER_ASSIGN(auto stream,
                  PgStream::open(*lease,
                                 redshift::kRejectsSelect + conditions.sql +
                                     " ORDER BY table_name, object, \"offset\", id" + cut,
                                 conditions.params));
    for (;;) {
        MUSTER_ASSIGN(const bool more, stream.next());
        if (!more) {
            return {};
        }
        MUSTER_ASSIGN(const auto entry, read_reject(stream.row()));
        MUSTER_TRY(found(entry));
    }
}

}  // namespace muster
