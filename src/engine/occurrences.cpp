#include "engine/detail/occurrences.h"

#include <utility>

namespace muster {

namespace {

constexpr std::uint64_t kCountMask = (std::uint64_t{1} << 24) - 1;
constexpr std::size_t kSlotsFirst = 1024;

}  // namespace

std::optional<std::uint64_t> Occurrences::next(const RawHash& hash) {
    if (used_ * 4 >= slots_.size() * 3 && !grow()) {
        if (slots_.empty()) {
            return std::nullopt;
        }
        const Slot& known = find(hash);
        if ((known.low_and_count & kCountMask) == 0) {
            return std::nullopt;
        }
    }
    Slot& slot = find(hash);
    const std::uint64_t count = slot.low_and_count & kCountMask;
    if (count == kCountMask) {
        return std::nullopt;
    }
    if (count == 0) {
        ++used_;
        slot.high = hash.high;
        slot.low_and_count = hash.low & ~kCountMask;
    }
    ++slot.low_and_count;
    return count + 1;
}

Occurrences::Slot& Occurrences::find(const RawHash& hash) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash.high & mask;; at = (at + 1) & mask) {
        Slot& slot = slots_[at];
        const bool empty = (slot.low_and_count & kCountMask) == 0;
        if (empty || (slot.high == hash.high &&
                      (slot.low_and_count & ~kCountMask) == (hash.low & ~kCountMask))) {
            return slot;
        }
    }
}

bool Occurrences::grow() {
    const std::size_t wanted = slots_.empty() ? kSlotsFirst : slots_.size() * 2;
    if (wanted > slots_max_) {
        return false;
    }
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(wanted));
    for (const Slot& slot : old) {
        if ((slot.low_and_count & kCountMask) != 0) {
            find({slot.high, slot.low_and_count}) = slot;
        }
    }
    return true;
}

}  // namespace muster
