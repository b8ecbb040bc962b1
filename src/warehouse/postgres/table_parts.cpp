#include "warehouse/postgres/table_parts.h"

#include "warehouse/detail/table_sql.h"
#include "warehouse/postgres/snapshots_sql.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster {
namespace {

std::string index_name(const std::string& table, std::size_t number) {
    return fmt::format("{}_i{}", table, number);
}

bool same_index(const TableIndex& left, const TableIndex& right) {
    return left.definition == right.definition && left.constraint == right.constraint &&
           left.unique == right.unique;
}

Result<void> rename_index(PgConnection& connection,
                          const std::string& from,
                          const std::string& to) {
    return connection.execute("ALTER INDEX " + sql::identifier(from) + " RENAME TO " +
                              sql::identifier(to));
}

}  // namespace

Result<std::vector<TableIndex>> table_indexes(PgConnection& connection,
                                              const std::string& relation) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kIndexes, relation));
    std::vector<TableIndex> indexes;
    while (rows.next()) {
        indexes.push_back({std::string(rows.text(0)),
                           std::string(rows.text(1)),
                           rows.boolean(2),
                           rows.boolean(3)});
    }
    return indexes;
}

Result<void> make_indexes(PgConnection& connection,
                          const std::string& name,
                          const std::vector<TableIndex>& indexes) {
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        const TableIndex& index = indexes[i];
        const std::string own = sql::identifier(index_name(name, i));
        MUSTER_TRY(connection.execute(index.constraint
                                          ? fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}",
                                                        sql::identifier(name),
                                                        own,
                                                        index.definition)
                                          : fmt::format("CREATE {}INDEX {} ON {}{}",
                                                        index.unique ? "UNIQUE " : "",
                                                        own,
                                                        sql::identifier(name),
                                                        index.definition)));
    }
    return {};
}

Result<void> hand_over_names(PgConnection& connection,
                             const std::string& from,
                             const std::string& to,
                             const std::string& replaced) {
    MUSTER_ASSIGN(const auto wanted, table_indexes(connection, from));
    MUSTER_ASSIGN(auto there, table_indexes(connection, to));
    bool same = wanted.size() == there.size();
    for (std::size_t i = 0; same && i < wanted.size(); ++i) {
        const auto match = std::find_if(there.begin(), there.end(), [&](const TableIndex& one) {
            return same_index(one, wanted[i]);
        });
        same = match != there.end();
        if (same) {
            const TableIndex found = *match;
            there.erase(match);
            MUSTER_TRY(rename_index(connection, wanted[i].name, index_name(replaced, i)));
            MUSTER_TRY(rename_index(connection, found.name, wanted[i].name));
        }
    }
    if (same) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "the indexes of table " + from + " were changed during the restore",
                 "restore again",
                 ""};
}

Result<void> hand_over_rights(PgConnection& connection,
                              const std::string& from,
                              const std::string& to) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kRights, from, to));
    while (rows.next()) {
        MUSTER_TRY(connection.execute(std::string(rows.text(0))));
    }
    return {};
}

Result<std::vector<std::string>> view_statements(PgConnection& connection,
                                                 const std::string& relation) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kViews, relation));
    std::vector<std::string> statements;
    while (rows.next()) {
        statements.emplace_back(rows.text(0));
    }
    return statements;
}

Result<void> refuse_dependents(PgConnection& connection, const std::string& relation) {
    MUSTER_ASSIGN(auto rows, connection.query(pg_sql::kDependents, relation));
    std::string list;
    while (rows.next()) {
        list += "\n  " + std::string(rows.text(0));
    }
    if (list.empty()) {
        return {};
    }
    return Error{
        ErrorCode::kConflict,
        "these belong to table " + relation + " itself and would not follow its name:" + list,
        "drop them, restore, and make them again",
        ""};
}

}  // namespace muster
