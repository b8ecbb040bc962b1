#include "warehouse/postgres/publications.h"

#include "warehouse/detail/ledger_json.h"
#include "warehouse/postgres/ledger_sql.h"

namespace muster {

Result<std::int64_t> record_publication(PgConnection& connection,
                                        const RunId& run,
                                        const TableOutcome& outcome,
                                        bool changed,
                                        std::int64_t now_us) {
    MUSTER_ASSIGN(
        const auto version,
        connection.scalar(changed ? ledger_sql::kTableVersionRaise : ledger_sql::kTableVersion,
                          outcome.table));
    MUSTER_ASSIGN(const auto published,
                  connection.change(ledger_sql::kPublicationInsert,
                                    run.str(),
                                    outcome.table,
                                    table_outcome_json(outcome),
                                    version,
                                    now_us));
    static_cast<void>(published);
    return version;
}

}  // namespace muster
