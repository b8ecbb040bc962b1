#include "validate/detail/hash.h"

#include "core/check.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace muster {

struct StreamHash::State {
    XXH3_state_t* xxh = XXH3_createState();
    State() { MUSTER_CHECK(xxh != nullptr); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { XXH3_freeState(xxh); }
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) { reset(); }
StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::reset() { XXH3_128bits_reset(state_->xxh); }

void StreamHash::update(std::string_view bytes) {
    XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

RawHash StreamHash::digest() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
    return {hash.high64, hash.low64};
}

void ContentHash::update(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t take = std::min(bytes.size(), kScanBlockBytes - inner_bytes_);
        inner_.update(bytes.substr(0, take));
        inner_bytes_ += take;
        bytes.remove_prefix(take);
        if (inner_bytes_ == kScanBlockBytes) {
            add_block(inner_.digest());
            inner_.reset();
            inner_bytes_ = 0;
        }
    }
}

void ContentHash::add_block(const RawHash& block_hash) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, {block_hash.low, block_hash.high});
    outer_.update({reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest});
}

std::string ContentHash::finish() {
    if (inner_bytes_ > 0) {
        add_block(inner_.digest());
        inner_bytes_ = 0;
    }
    return raw_hash_text(outer_.digest());
}

RawHash hash_raw(std::string_view record) {
    const XXH128_hash_t hash = XXH3_128bits(record.data(), record.size());
    return {hash.high64, hash.low64};
}

}  // namespace muster
