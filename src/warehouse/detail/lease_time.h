// How long a lease lasts, as servers count.
#pragma once

#include "core/limits.h"

#include <cstdint>

namespace muster {

inline constexpr std::int64_t kLeaseUs = kLeaseSeconds * 1'000'000;

}  // namespace muster
