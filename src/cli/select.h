// Names of tables and reports as typed by a person.
#pragma once

#include "catalog/catalog.h"
#include "core/result.h"

#include <string>

namespace muster {

// kUsage with "did you mean".
Result<const Table*> select_table(const Catalog& catalog, const std::string& name);
Result<const Report*> select_report(const Catalog& catalog, const std::string& name);

}  // namespace muster
