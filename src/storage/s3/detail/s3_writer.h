// A new object in S3. What fits into one part is one PutObject; more is a multipart upload whose
// parts go out while it is written. Either appears as a whole or not at all.
#pragma once

#include "core/result.h"
#include "storage/object_store.h"
#include "storage/s3/detail/s3_client.h"

#include <cstddef>
#include <deque>
#include <future>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

inline constexpr std::size_t kPartBytes = 8U << 20;
inline constexpr std::size_t kPartsInFlight = 3;
// S3 takes 10,000 parts: they double in size after each so many.
inline constexpr std::size_t kPartsOfOneSize = 2'000;

// The size of part `number`, from 1.
std::size_t part_bytes(std::size_t number);

class S3Writer final : public ObjectWriter {
  public:
    // `key` is that in the bucket. client must outlive this.
    S3Writer(S3Client& client, std::string key);
    ~S3Writer() override;
    S3Writer(const S3Writer&) = delete;
    S3Writer& operator=(const S3Writer&) = delete;

    Result<void> write(std::string_view bytes) override;
    Result<void> commit() override { return finish(false); }
    Result<void> commit_if_absent() override { return finish(true); }

    // Of the object, after the commit.
    const std::string& etag() const { return etag_; }

  private:
    struct Part {
        std::string bytes;
        std::size_t number = 0;
    };
    Result<void> finish(bool if_absent);
    Result<void> put(bool if_absent);
    Result<void> begin_upload();
    Result<void> send_part();
    Result<void> take_oldest_part();
    Result<void> complete(bool if_absent);
    Result<bool> is_ours();
    NameValues write_headers() const;

    S3Client& client_;
    const std::string key_;
    const std::string mark_;  // in the object's metadata: tells our write from another's
    std::string part_;
    std::size_t parts_begun_ = 0;
    std::string upload_id_;
    std::deque<std::future<Result<std::string>>> in_flight_;
    std::vector<std::string> etags_;
    std::string etag_;
    bool committed_ = false;
};

}  // namespace muster
