// Counts how often each refused record was seen in an object, which is part of its identity.
// Memory is bounded: 16 bytes for each distinct record, up to a limit.
#pragma once

#include "validate/reject.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace muster {

// Beyond so many slots (128 MiB; three quarters are used) no further record is told apart.
inline constexpr std::size_t kOccurrenceSlotsMax = std::size_t{1} << 23;

class Occurrences {
  public:
    explicit Occurrences(std::size_t slots_max = kOccurrenceSlotsMax) : slots_max_(slots_max) {}

    // 1 for the first record with this hash, 2 for the next ... Nothing if the table is full and
    // the record is not in it.
    std::optional<std::uint64_t> next(const RawHash& hash);

  private:
    // The lower bits of `low_and_count` hold the count, 0 in an empty slot; the upper ones are
    // those of the hash: 104 bits tell records apart.
    struct Slot {
        std::uint64_t high = 0;
        std::uint64_t low_and_count = 0;
    };
    Slot& find(const RawHash& hash);
    bool grow();

    std::size_t slots_max_;
    std::size_t used_ = 0;
    std::vector<Slot> slots_;
};

}  // namespace muster
