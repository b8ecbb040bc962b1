// The name of a backup: the table, the UTC time and four hexadecimal digits, such as
// hired_employees-20261122T101530Z-7f3a. Names come from outside: nothing else than what is parsed
// here ever becomes part of a path.
#pragma once

#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

struct BackupName {
    std::string table;
    std::string stamp;  // "20261122T101530Z-7f3a"; sorts by time

    std::string str() const { return table + "-" + stamp; }
    // "hired_employees/hired_employees-20261122T101530Z-7f3a/"
    std::string prefix() const { return table + "/" + str() + "/"; }
    // Whether the run that gave the name began before that time (microseconds since 1970, UTC).
    bool older_than(std::int64_t us) const;
};

// The one name that a run of this id gives to a backup of the table.
BackupName backup_name(const TableName& table, const RunId& run);

// kNotFound if the text is no such name: then there is no such backup either.
Result<BackupName> parse_backup_name(std::string_view text);

}  // namespace muster
