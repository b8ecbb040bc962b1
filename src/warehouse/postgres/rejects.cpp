// The reject ledger as it is listed and waived.
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/postgres/attempts.h"
#include "warehouse/postgres/ledger_rows.h"
#include "warehouse/postgres/ledger_sql.h"
#include "warehouse/postgres/postgres_warehouse.h"

#include <fmt/format.h>

namespace muster {

namespace {

// The conditions of a filter; {0} in a condition is its parameter, {1} the length of the value.
class Conditions {
  public:
    explicit Conditions(const char* parameter) : parameter_(parameter) {}

    void add(std::string_view condition, const std::string& value) {
        if (!value.empty()) {
            params.add(value);
            const std::string parameter =
                fmt::format(fmt::runtime(parameter_), params.list().size());
            sql += " AND " + fmt::format(fmt::runtime(condition), parameter, value.size());
        }
    }
    std::string sql;
    PgParams params;

  private:
    const char* parameter_;
};

Conditions conditions_of(const RejectDialect& dialect, const RejectFilter& filter) {
    Conditions conditions(dialect.parameter);
    conditions.add("table_name = {0}", filter.table);
    conditions.add("POSITION({0} IN reasons) > 0", code_in_reasons(filter.code));
    conditions.add("state = {0}", filter.state);
    conditions.add("severity = {0}", filter.severity);
    conditions.add("(run_id = {0} OR last_seen_run = {0})", filter.run_id);
    conditions.add(dialect.id_prefix, filter.id_prefix);
    return conditions;
}

constexpr RejectDialect kDialect{
    .select = ledger_sql::kRejectsSelect,
    .parameter = "${}::text",
    .id_prefix = "starts_with(id, {0})",
    .raw = [](const PgRows& row, std::size_t column) -> Result<std::string> {
        return row.blob(column);
    }};

}  // namespace

Result<void> list_rejects(PgConnection& connection,
                          const RejectDialect& dialect,
                          const RejectFilter& filter,
                          const std::function<Result<void>(const RejectEntry&)>& found) {
    const Conditions conditions = conditions_of(dialect, filter);
    const std::string cut = filter.limit < 0 ? "" : " LIMIT " + std::to_string(filter.limit);
    MUSTER_ASSIGN(auto stream,
                  PgStream::open(connection,
                                 dialect.select + conditions.sql +
                                     " ORDER BY table_name, object, \"offset\", id" + cut,
                                 conditions.params));
    for (;;) {
        MUSTER_ASSIGN(const bool more, stream.next());
        if (!more) {
            return {};
        }
        MUSTER_ASSIGN(std::string raw, dialect.raw(stream.row(), kRejectRawColumn));
        MUSTER_ASSIGN(const auto entry, read_reject(stream.row(), std::move(raw)));
        MUSTER_TRY(found(entry));
    }
}

Result<void> PostgresWarehouse::rejects(
    const RejectFilter& filter, const std::function<Result<void>(const RejectEntry&)>& found) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    return list_rejects(*lease, kDialect, filter, found);
}

Result<void> PostgresWarehouse::waive_reject(const RejectId& id, const std::string& note) {
    return attempt(pool_, [&](PgConnection& connection) -> Result<void> {
        MUSTER_ASSIGN(const auto changed,
                      connection.change(ledger_sql::kRejectState, "waived", note, id.str()));
        if (changed == 0) {
            return Error{ErrorCode::kNotFound,
                         "no reject " + id.str(),
                         "'muster rejects list' shows them",
                         ""};
        }
        return {};
    });
}

}  // namespace muster
