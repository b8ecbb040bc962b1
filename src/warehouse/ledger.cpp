#include "warehouse/ledger.h"

namespace muster {

LoadCounts& LoadCounts::operator+=(const LoadCounts& other) {
    read += other.read;
    inserted += other.inserted;
    updated += other.updated;
    unchanged += other.unchanged;
    deduplicated += other.deduplicated;
    rejected += other.rejected;
    blank_lines += other.blank_lines;
    return *this;
}

}  // namespace muster
