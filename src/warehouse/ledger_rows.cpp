#include "warehouse/detail/ledger_rows.h"

#include "core/json_writer.h"
#include "core/text.h"
#include "warehouse/detail/ledger_json.h"

#include <algorithm>

namespace muster {

std::string code_in_reasons(const std::string& code) {
    return code.empty() ? "" : "\"code\":" + json_quote(code);
}

Result<RunRecord> only_run(std::vector<RunRecord> found, const std::string& run_id) {
    if (found.empty()) {
        return Error{ErrorCode::kNotFound,
                     "no run " + run_id + " in the ledger",
                     "'muster runs list' shows them",
                     ""};
    }
    if (found.size() > 1 && found.front().run_id != run_id) {
        return Error{ErrorCode::kNotFound,
                     "more than one run begins with " + run_id,
                     "give more of its id",
                     ""};
    }
    return std::move(found.front());
}

std::string planned_tables_json(const RunRecord& run) {
    std::vector<std::string> planned;
    planned.reserve(run.tables.size());
    for (const TableOutcome& table : run.tables) {
        planned.push_back(table.table);
    }
    return json_texts(planned);
}

LostRunEnd end_of_lost_run(const std::string& planned_json,
                           const std::set<std::string>& published) {
    const std::vector<std::string> planned = parse_names_json(planned_json);
    const bool complete =
        !planned.empty() &&
        std::all_of(planned.begin(), planned.end(), [&](const std::string& table) {
            return published.contains(table);
        });
    return complete ? LostRunEnd{"succeeded", ""}
                    : LostRunEnd{"failed", "the process ended before the run was finished"};
}

Error referenced_table_missing(const TableName& table) {
    return {ErrorCode::kConflict,
            "table " + table.str() + " is not in the warehouse",
            "run 'muster migrate'",
            ""};
}

}  // namespace muster
