// MUSTER_CHECK(condition): a broken invariant ends the process with file and line. It stays on in
// release builds: going on with wrong state could lose data.
#pragma once

namespace muster {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace muster

#define MUSTER_CHECK(condition)                                     \
    do {                                                            \
        if (!(condition)) [[unlikely]] {                            \
            ::muster::check_failed(#condition, __FILE__, __LINE__); \
        }                                                           \
    } while (false)
