#include "storage/digest.h"

#include <vector>

namespace muster {
namespace {

constexpr std::size_t kPieceBytes = 1U << 20;

}  // namespace

Result<std::string> sha256_hex(ObjectReader& reader) {
    Sha256 hash;
    std::vector<char> piece(kPieceBytes);
    for (std::uint64_t offset = 0;;) {
        MUSTER_ASSIGN(const std::size_t taken, reader.read_at(offset, piece));
        if (taken == 0) {
            return hash.hex();
        }
        hash.add({piece.data(), taken});
        offset += taken;
    }
}

}  // namespace muster
