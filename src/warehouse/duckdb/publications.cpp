#include "warehouse/duckdb/publications.h"

#include "warehouse/detail/ledger_json.h"
#include "warehouse/duckdb/sql.h"

namespace muster {

Result<std::int64_t> record_publication(Connection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us) {
    const std::string_view table = outcome.table;
    MUSTER_ASSIGN(auto version, connection.scalar(sql::kTableVersion, table));
    if (changed) {
        ++version;
        MUSTER_ASSIGN(auto removed, connection.change(sql::kTableVersionDelete, table));
        MUSTER_ASSIGN(auto added, connection.change(sql::kTableVersionInsert, table, version));
        static_cast<void>(removed + added);
    }
    MUSTER_ASSIGN(auto published,
                  connection.change(sql::kPublicationInsert,
                                    std::string_view(run.str()),
                                    table,
                                    std::string_view(table_outcome_json(outcome)),
                                    version,
                                    now_us));
    static_cast<void>(published);
    return version;
}

}  // namespace muster
