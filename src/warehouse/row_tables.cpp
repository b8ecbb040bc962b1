#include "warehouse/row_tables.h"

namespace muster {

std::vector<std::size_t> order_columns(const Table& table, const RowQuery& query) {
    std::vector<std::size_t> columns;
    if (query.order_by) {
        columns.push_back(*query.order_by);
    }
    for (const std::string& name : table.key) {
        columns.push_back(table.column_index(name));
    }
    return columns;
}

RejectEntry row_reject(const Table& table,
                       const RowWrite& request,
                       std::size_t index,
                       const std::vector<Reason>& reasons) {
    RejectEntry entry;
    entry.run_id = request.request_id;
    entry.table = table.name.str();
    entry.object = request.object;
    entry.pointer = request.array ? "/" + std::to_string(index) : "";
    for (const Reason& reason : reasons) {
        entry.reasons.push_back(
            {std::string(reject_code_text(reason.code)),
             reason.column < 0 ? "" : table.columns[static_cast<std::size_t>(reason.column)].name,
             reason.value,
             reason.message});
    }
    return entry;
}

}  // namespace muster
