// The same work on several threads at once; the first error wins.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <functional>

namespace muster {

// Runs `work` on `threads` threads, the caller's among them, and waits for all. If the system
// refuses threads, with fewer.
Result<void> run_on_threads(std::size_t threads, const std::function<Result<void>()>& work);

}  // namespace muster
