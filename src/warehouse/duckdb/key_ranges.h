// Ranges of a table's first key column, so that a join or an aggregation of many rows is done in
// pieces that fit into memory. DuckDB's memory limit does not bound the process: a 100 M x 100 M
// semi-join at a limit of 700 MB peaked at 1,162 MB.
#pragma once

#include "catalog/catalog.h"
#include "engine/detail/duckdb_handle.h"

#include <string>
#include <vector>

namespace muster {

class KeyRanges {
  public:
    // One range that holds everything.
    KeyRanges() = default;

    // Ranges of roughly equal size over `relation`, each small enough for the memory.
    static Result<KeyRanges> split(Connection& connection,
                                   const Table& table,
                                   const std::string& relation,
                                   std::int64_t rows,
                                   std::uint64_t memory_bytes);

    std::size_t size() const { return bounds_.size() + 1; }
    // A condition on the column with this prefix ("t."); "true" for the only range.
    std::string condition(std::size_t range, const std::string& prefix) const;

  private:
    std::string column_;
    std::vector<std::string> bounds_;  // SQL literals, rising; range i is [bound i-1, bound i)
};

}  // namespace muster
