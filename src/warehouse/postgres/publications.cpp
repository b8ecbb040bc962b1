#include "warehouse/postgres/publications.h"

#include "warehouse/detail/ledger_json.h"
#include "warehouse/postgres/rows_sql.h"

namespace muster {

Result<std::int64_t> record_publication(PgConnection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us) {
    MUSTER_ASSIGN(auto version, connection.scalar(pg_sql::kVersionSelect, outcome.table));
    if (changed) {
        ++version;
        MUSTER_TRY(set_table_version(connection, outcome.table, version));
    }
    MUSTER_TRY(connection.change(pg_sql::kPublicationStore,
                                 run.str(),
                                 outcome.table,
                                 table_outcome_json(outcome),
                                 version,
                                 now_us));
    return version;
}

Result<void> set_table_version(PgConnection& connection,
                               const std::string& table,
                               std::int64_t version) {
    MUSTER_ASSIGN(const auto raised, connection.change(pg_sql::kVersionUpdate, table, version));
    if (raised == 0) {
        MUSTER_TRY(connection.change(pg_sql::kVersionInsert, table, version));
    }
    return {};
}

}  // namespace muster
