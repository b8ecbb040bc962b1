// SHA-256 of whole objects.
#pragma once

#include "core/result.h"
#include "core/sha256.h"
#include "storage/object_store.h"

#include <string>

namespace muster {

// The digest of an object's content, read once in pieces.
Result<std::string> sha256_hex(ObjectReader& reader);

}  // namespace muster
