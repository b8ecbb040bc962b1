// Names of tables and reports as typed by a person.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

#include <string>
#include <vector>

namespace muster {

// kUsage with "did you mean".
Result<const Table*> select_table(const Catalog& catalog, const std::string& name);
// The named tables in the order given; all, in the order of the catalog, if there are no names.
Result<std::vector<const Table*>> select_tables(const Catalog& catalog,
                                                const std::vector<std::string>& names);
Result<const Report*> select_report(const Catalog& catalog, const std::string& name);

}  // namespace muster
