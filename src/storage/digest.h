// SHA-256 (FIPS 180-4) of text and of whole objects. Pure functions.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"

#include <string>
#include <string_view>

namespace muster {

// 64 hexadecimal digits in lower case.
std::string sha256_hex(std::string_view bytes);
// The same of an object's content, read once in pieces.
Result<std::string> sha256_hex(ObjectReader& reader);

}  // namespace muster
