// SQL that depends on a table's columns and is the same in every warehouse. Identifiers come from
// the catalog and are quoted.
#pragma once

#include "catalog/catalog.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster::sql {

// "name" with quotes doubled.
std::string identifier(std::string_view name);
// "a", "b" with a prefix before each: t."a", t."b".
std::string column_list(const std::vector<std::string>& names, std::string_view prefix = "");
std::string column_list(const Table& table, std::string_view prefix = "");
// left."k" = right."k" AND ...
std::string key_equal(const Table& table, std::string_view left, std::string_view right);
// Whether any column outside the key differs; "false" if there is none.
std::string values_differ(const Table& table, std::string_view left, std::string_view right);

}  // namespace muster::sql
