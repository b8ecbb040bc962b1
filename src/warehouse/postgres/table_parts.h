// What belongs to a table besides its rows, and how another one gets the same.
#pragma once

#include "core/result.h"
#include "warehouse/postgres/connection.h"

#include <string>
#include <vector>

namespace muster {

struct TableIndex {
    std::string name;
    std::string definition;   // without names
    bool constraint = false;  // of a primary key or another constraint
    bool unique = false;
};

// By name. `relation` is quoted, here and below.
Result<std::vector<TableIndex>> table_indexes(PgConnection& connection,
                                              const std::string& relation);
// Makes these indexes of another table on `relation`, whose name is `name`, with names of their
// own.
Result<void> make_indexes(PgConnection& connection,
                          const std::string& name,
                          const std::vector<TableIndex>& indexes);
// Gives the indexes of `to` the names of those of `from`, and theirs names that begin with
// `replaced`. kConflict if the two do not have the same indexes: somebody changed them meanwhile.
Result<void> hand_over_names(PgConnection& connection,
                             const std::string& from,
                             const std::string& to,
                             const std::string& replaced);
// Gives `to` the owner of `from`, and its grants.
Result<void> hand_over_rights(PgConnection& connection,
                              const std::string& from,
                              const std::string& to);
// Statements that make the views of a table again, to be run when another one has its name.
Result<std::vector<std::string>> view_statements(PgConnection& connection,
                                                 const std::string& relation);
// kConflict listing what hangs on the table itself and would not follow its name.
Result<void> refuse_dependents(PgConnection& connection, const std::string& relation);

}  // namespace muster
