// CSV text for output: RFC 4180, quoted only where needed.
#pragma once

#include "warehouse/warehouse.h"

#include <string>
#include <string_view>
#include <vector>

namespace muster {

// One field.
std::string csv_field(std::string_view text);
// A row without its line end. A quoted empty field is an empty text, an unquoted one is NULL.
std::string csv_row(const std::vector<ResultColumn>& columns, const std::vector<Value>& row);
std::string csv_header(const std::vector<ResultColumn>& columns);

}  // namespace muster
