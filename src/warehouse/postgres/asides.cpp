#include "warehouse/postgres/asides.h"

#include "core/check.h"
#include "warehouse/postgres/postgres_table_snapshots.h"
#include "warehouse/postgres/snapshots_sql.h"
#include "warehouse/postgres/tables.h"

namespace muster {
namespace {

constexpr std::string_view kStagedText = "staged";

std::string_view kind_text(AsideTable::Kind kind) {
    return kind == AsideTable::Kind::kStaged ? kStagedText : "replaced";
}

}  // namespace

Result<void> record_aside(PgConnection& connection, const AsideTable& aside, std::int64_t now_us) {
    MUSTER_ASSIGN(const auto added,
                  connection.change(pg_sql::kAsideInsert,
                                    aside.name,
                                    kind_text(aside.kind),
                                    aside.table.str(),
                                    aside.run_id,
                                    aside.table_version,
                                    now_us));
    MUSTER_CHECK(added == 1);
    return {};
}

RestoreQueries restore_queries(PgConnection& connection) {
    return {.relation = [](const std::string& table) { return sql::identifier(table); },
            .count = [&connection](const std::string& sql) -> Result<RestoreQueries::Counted> {
                MUSTER_ASSIGN(auto rows, connection.query(sql));
                MUSTER_CHECK(rows.next());
                return RestoreQueries::Counted{rows.int64(0), std::string(rows.text(1))};
            }};
}

Result<void> PostgresTableSnapshots::drop(const AsideTable& aside) {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto transaction, PgTransaction::open(*lease, kReadCommitted));
    MUSTER_TRY(lease->execute("DROP TABLE IF EXISTS " + text_of(aside)));
    MUSTER_TRY(lease->change(pg_sql::kAsideDelete, aside.name));
    return transaction.commit();
}

Result<std::vector<AsideTable>> PostgresTableSnapshots::asides() {
    MUSTER_ASSIGN(auto lease, pool_.acquire());
    MUSTER_ASSIGN(auto rows, lease->query(pg_sql::kAsidesSelect));
    std::vector<AsideTable> found;
    while (rows.next()) {
        AsideTable aside;
        aside.name = rows.text(0);
        aside.kind =
            rows.text(1) == kStagedText ? AsideTable::Kind::kStaged : AsideTable::Kind::kReplaced;
        aside.table = TableName(std::string(rows.text(2)));
        aside.run_id = rows.text(3);
        aside.table_version = rows.int64(4);
        found.push_back(std::move(aside));
    }
    return found;
}

}  // namespace muster
