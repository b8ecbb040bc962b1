// The reject ledger as it is listed and waived.
#include "warehouse/detail/ledger_rows.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

namespace {

// The conditions of a filter; their values are bound in the same order.
struct Conditions {
    std::string sql = "true";
    std::vector<std::string> values;

    void add(const std::string& condition, const std::string& value, int times = 1) {
        if (value.empty()) {
            return;
        }
        sql += " AND " + condition;
        for (int i = 0; i < times; ++i) {
            values.push_back(value);
        }
    }
};

Conditions conditions_of(const RejectFilter& filter) {
    Conditions conditions;
    conditions.add("table_name = ?", filter.table);
    conditions.add("contains(reasons, ?)", code_in_reasons(filter.code));
    conditions.add("state = ?", filter.state);
    conditions.add("severity = ?", filter.severity);
    conditions.add("(run_id = ? OR last_seen_run = ?)", filter.run_id, 2);
    conditions.add("starts_with(id, ?)", filter.id_prefix);
    return conditions;
}

}  // namespace

Result<void> DuckdbWarehouse::rejects(
    const RejectFilter& filter, const std::function<Result<void>(const RejectEntry&)>& found) {
    MUSTER_ASSIGN(auto connection, connect());
    const Conditions conditions = conditions_of(filter);
    const std::string cut = filter.limit < 0 ? "" : " LIMIT " + std::to_string(filter.limit);
    MUSTER_ASSIGN(auto statement,
                  connection.prepare(sql::kRejectsSelect + conditions.sql +
                                     " ORDER BY table_name, object, \"offset\", id" + cut));
    for (const std::string& value : conditions.values) {
        statement.add(std::string_view(value));
    }
    MUSTER_ASSIGN(auto rows, statement.stream());
    for (;;) {
        MUSTER_ASSIGN(const bool more, rows.next());
        if (!more) {
            return {};
        }
        MUSTER_ASSIGN(const auto entry,
                      read_reject(rows, std::string(rows.text(kRejectRawColumn))));
        MUSTER_TRY(found(entry));
    }
}

Result<void> DuckdbWarehouse::waive_reject(const RejectId& id, const std::string& note) {
    MUSTER_ASSIGN(auto connection, connect());
    MUSTER_ASSIGN(const auto changed,
                  connection.change(sql::kRejectState,
                                    std::string_view("waived"),
                                    std::string_view(note),
                                    std::string_view(id.str())));
    if (changed == 0) {
        return Error{
            ErrorCode::kNotFound, "no reject " + id.str(), "'muster rejects list' shows them", ""};
    }
    return {};
}

}  // namespace muster
