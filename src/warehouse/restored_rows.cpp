#include "warehouse/detail/restored_rows.h"

#include "core/check.h"
#include "warehouse/detail/table_sql.h"

#include <fmt/format.h>

namespace muster {
namespace {

// Rows of `child` that refer to nothing in `parent`.
Result<void> add_broken(const RestoreQueries& queries,
                        const Table& child,
                        const std::string& child_relation,
                        const Reference& reference,
                        const Table& parent,
                        const std::string& parent_relation,
                        std::vector<BrokenReference>& broken) {
    const std::string column = "c." + sql::identifier(reference.column);
    MUSTER_ASSIGN(const auto found,
                  queries.count(fmt::format(
                      "SELECT count(*), coalesce(CAST(min({0}) AS VARCHAR), '') FROM {1} c"
                      " WHERE {0} IS NOT NULL AND NOT EXISTS"
                      " (SELECT 1 FROM {2} p WHERE p.{3} = {0})",
                      column,
                      child_relation,
                      parent_relation,
                      sql::identifier(parent.key.front()))));
    if (found.rows > 0) {
        broken.push_back(
            {child.name.str(), reference.column, parent.name.str(), found.rows, found.example});
    }
    return {};
}

}  // namespace

Result<void> check_restored_rows(const RestoreQueries& queries,
                                 const Table& table,
                                 const RestoreFiles& files,
                                 const std::vector<MappedColumn>& mapped,
                                 const std::string& staged) {
    std::string problems;
    const std::string relation = queries.relation(staged);
    for (const auto& [column, from] : mapped) {
        const bool may_lack = from != nullptr && from->nullable;
        if (column->nullable || !may_lack) {
            continue;
        }
        MUSTER_ASSIGN(const auto nulls,
                      queries.count("SELECT count(*), '' FROM " + relation + " WHERE " +
                                    sql::identifier(column->name) + " IS NULL"));
        if (nulls.rows > 0) {
            problems += fmt::format(
                "\n  column {} must have a value, but {} rows have none", column->name, nulls.rows);
        }
    }
    if (files.key != table.key) {
        const std::string key = sql::column_list(table.key);
        MUSTER_ASSIGN(const auto shared,
                      queries.count("SELECT count(*), '' FROM (SELECT 1 FROM " + relation +
                                    " GROUP BY " + key + " HAVING count(*) > 1) shared"));
        if (shared.rows > 0) {
            problems += fmt::format(
                "\n  {} values of the key ({}) stand in more than one row", shared.rows, key);
        }
    }
    if (problems.empty()) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "the rows of the backup do not fit table " + table.name.str() + ":" + problems,
                 "restore it with the catalog it was made with",
                 ""};
}

Result<std::vector<BrokenReference>> find_broken_references(const RestoreQueries& queries,
                                                            const Catalog& catalog,
                                                            const Table& table,
                                                            const std::string& staged) {
    std::vector<BrokenReference> broken;
    const std::string relation = queries.relation(staged);
    for (const Reference& reference : table.references) {
        const Table* parent = catalog.find_table(reference.table.str());
        MUSTER_CHECK(parent != nullptr);
        MUSTER_TRY(add_broken(queries,
                              table,
                              relation,
                              reference,
                              *parent,
                              queries.relation(parent->name.str()),
                              broken));
    }
    for (const Table& child : catalog.tables) {
        for (const Reference& reference : child.references) {
            if (reference.table == table.name) {
                MUSTER_TRY(add_broken(queries,
                                      child,
                                      queries.relation(child.name.str()),
                                      reference,
                                      table,
                                      relation,
                                      broken));
            }
        }
    }
    return broken;
}

Result<void> refuse_broken_references(const RestoreQueries& queries, const SwapRequest& request) {
    MUSTER_ASSIGN(
        const auto broken,
        find_broken_references(queries, request.catalog, request.table, request.staged.name));
    if (broken.empty()) {
        return {};
    }
    return Error{ErrorCode::kConflict,
                 "the restored table would break references:" + describe_broken(broken),
                 "restore or reload the other table first, or use --force",
                 ""};
}

std::set<std::string> tables_around(const Catalog& catalog, const Table& table) {
    std::set<std::string> names;
    for (const Reference& reference : table.references) {
        names.insert(reference.table.str());
    }
    for (const Table& child : catalog.tables) {
        for (const Reference& reference : child.references) {
            if (reference.table == table.name) {
                names.insert(child.name.str());
            }
        }
    }
    return names;
}

}  // namespace muster
