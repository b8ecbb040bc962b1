// One statement for many rows, keys or names, which are its parameters: cut into as many statements
// as the connection needs.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <cstddef>
#include <functional>
#include <string>

namespace muster::redshift {

inline constexpr std::size_t kItemsPerStatementMax = 1000;

struct BatchedStatement {
    // Its text for so many items, whose parameters follow those of `head`.
    std::function<std::string(std::size_t items)> sql;
    PgParams head;
    // Adds the parameters of an item, as many for each. Called once for every item, in their order.
    std::function<void(std::size_t item, PgParams& params)> add;
    std::size_t items_max = kItemsPerStatementMax;
};

// Runs it until all items are done; `done`, which may be empty, gets the result of each statement
// and how many items it took. Within the connection's number of parameters; by the Data API also
// within the length of a statement, unless one item alone exceeds it.
Result<void> run_batches(
    PgConnection& connection,
    std::size_t items,
    const BatchedStatement& statement,
    const std::function<Result<void>(PgRows& result, std::size_t items)>& done = {});

}  // namespace muster::redshift
