#include "warehouse/table_snapshots.h"

#include <fmt/format.h>

namespace muster {

std::string describe_broken(const std::vector<BrokenReference>& broken) {
    std::string text;
    for (const BrokenReference& one : broken) {
        text += fmt::format("\n  {}.{}: {} rows refer to {} that are not in {}, such as {}",
                            one.table,
                            one.column,
                            one.rows,
                            one.rows == 1 ? "a key" : "keys",
                            one.referenced,
                            one.example);
    }
    return text;
}

}  // namespace muster
