// Rows that a table refuses by rules that muster does not know: constraints, triggers and narrower
// columns that somebody added. Nothing is looked for before a statement failed by them; then the
// rows are written a thousand at a time, and by halves where this fails, until those at fault stand
// alone.
#pragma once

#include "warehouse/postgres/connection.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// A load with more of them fails: then it is hardly the records that are wrong.
inline constexpr std::size_t kRefusedRowsMax = 1000;

// Whether a statement that failed with this state may succeed with fewer rows. Everything that
// PostgreSQL does not say of locks, rights, names, resources and the server itself; a trigger may
// raise any state.
bool refuses_rows(std::string_view sqlstate);

// Checks what was deferred to the end of the transaction now, when the rows at fault can still be
// found.
inline constexpr const char* kCheckDeferred = "SET CONSTRAINTS ALL IMMEDIATE";

struct RefusedItem {
    std::int64_t item = 0;
    std::string message;  // the server's words
    std::string column;   // "" if it names none
};

// Writes the items from `begin` to before `end`.
using WriteItems = std::function<Result<void>(std::int64_t begin, std::int64_t end)>;

// Writes items 0 to count - 1 but for those that the server refuses, in their order, so that of two
// that exclude each other the first stays; the refused ones, by number. One that is refused for
// what a later item brings (a key, a freed value) is tried again. The connection is in a
// transaction; what is written stays in it, under savepoints. kConflict if more than `refused_max`
// are refused, in the words of the last one; any other error is the caller's to roll back.
Result<std::vector<RefusedItem>> write_but_refused(PgConnection& connection,
                                                   std::int64_t count,
                                                   std::size_t refused_max,
                                                   const WriteItems& write);

}  // namespace muster
