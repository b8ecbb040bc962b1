#include "validate/detail/byte_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace muster {
namespace {

constexpr std::size_t kInputBytes = 256U << 10;

// The stored bytes in their order.
class StoredBytes {
  public:
    explicit StoredBytes(ObjectReader& reader) : reader_(reader) {}

    Result<std::size_t> read(std::span<char> out) {
        if (problem_.has_value()) {
            return std::size_t{0};
        }
        const auto left = static_cast<std::size_t>(
            std::min<std::uint64_t>(reader_.info().bytes - offset_, out.size()));
        if (left == 0) {
            return left;
        }
        MUSTER_ASSIGN(const bool good, read_stored(reader_, offset_, out.first(left), problem_));
        if (!good) {
            return std::size_t{0};
        }
        hash_.update({out.data(), left});
        offset_ += left;
        return left;
    }

    void refuse(const std::string& fault) {
        problem_ = ObjectProblem{RejectCode::kFileCompressedData,
                                 reader_.info().key.str() + ": " + fault + " near stored byte " +
                                     std::to_string(offset_)};
    }

    const std::optional<ObjectProblem>& problem() const { return problem_; }
    std::uint64_t offset() const { return offset_; }
    std::string content_hash() { return hash_.finish(); }

  private:
    ObjectReader& reader_;
    std::uint64_t offset_ = 0;
    ContentHash hash_;
    std::optional<ObjectProblem> problem_;
};

class PlainStream final : public ByteStream {
  public:
    explicit PlainStream(ObjectReader& reader) : stored_(reader) {}

    Result<std::size_t> read(std::span<char> out) override { return stored_.read(out); }
    const std::optional<ObjectProblem>& problem() const override { return stored_.problem(); }
    std::uint64_t stored_bytes() const override { return stored_.offset(); }
    std::string content_hash() override { return stored_.content_hash(); }

  private:
    StoredBytes stored_;
};

class GzipDecoder {
  public:
    static constexpr const char* kName = "gzip";

    GzipDecoder() {
        constexpr int kGzipWindow = 15 + 16;
        good_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
    }
    ~GzipDecoder() { inflateEnd(&stream_); }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;

    // Decodes as much as fits; takes what it used off the spans. "" or what is wrong.
    std::string decode(std::span<char>& in, std::span<char>& out, bool& between) {
        if (!good_) {
            return "the decoder could not start";
        }
        if (between) {
            inflateReset(&stream_);
            between = false;
        }
        stream_.next_in = reinterpret_cast<Bytef*>(in.data());
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        in = in.last(stream_.avail_in);
        out = out.last(stream_.avail_out);
        between = status == Z_STREAM_END;
        if (status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR) {
            return "";
        }
        return stream_.msg == nullptr ? "invalid data" : stream_.msg;
    }

  private:
    z_stream stream_{};
    bool good_ = false;
};

class ZstdDecoder {
  public:
    static constexpr const char* kName = "zstd";

    ZstdDecoder() : stream_(ZSTD_createDStream()) {}
    ~ZstdDecoder() { ZSTD_freeDStream(stream_); }
    ZstdDecoder(const ZstdDecoder&) = delete;
    ZstdDecoder& operator=(const ZstdDecoder&) = delete;

    std::string decode(std::span<char>& in, std::span<char>& out, bool& between) {
        if (stream_ == nullptr) {
            return "the decoder could not start";
        }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t status = ZSTD_decompressStream(stream_, &output, &input);
        in = in.subspan(input.pos);
        out = out.subspan(output.pos);
        between = status == 0;
        return ZSTD_isError(status) != 0 ? ZSTD_getErrorName(status) : "";
    }

  private:
    ZSTD_DStream* stream_;
};

template <typename Decoder>
class DecodedStream final : public ByteStream {
  public:
    explicit DecodedStream(ObjectReader& reader) : stored_(reader), input_(kInputBytes) {}

    Result<std::size_t> read(std::span<char> out) override {
        std::span<char> free = out;
        while (!free.empty() && !problem().has_value()) {
            if (left_.empty()) {
                MUSTER_ASSIGN(const std::size_t bytes, stored_.read(input_));
                left_ = std::span(input_).first(bytes);
                at_end_ = bytes == 0;
            }
            if (at_end_ && between_) {
                break;
            }
            // A decoder may still hold output when the input is used up.
            const std::size_t free_before = free.size();
            const std::size_t left_before = left_.size();
            const std::string fault = decoder_.decode(left_, free, between_);
            const bool stuck = free.size() == free_before && left_.size() == left_before;
            if (!fault.empty()) {
                stored_.refuse(std::string("invalid ") + Decoder::kName + " data (" + fault + ")");
            } else if (stuck && at_end_ && !problem().has_value()) {
                stored_.refuse(std::string("the ") + Decoder::kName + " data ends early");
            }
        }
        return out.size() - free.size();
    }

    const std::optional<ObjectProblem>& problem() const override { return stored_.problem(); }
    std::uint64_t stored_bytes() const override { return stored_.offset(); }
    std::string content_hash() override { return stored_.content_hash(); }

  private:
    StoredBytes stored_;
    Decoder decoder_;
    std::vector<char> input_;
    std::span<char> left_;
    bool at_end_ = false;
    bool between_ = true;  // no member or frame is open
};

bool may_pass(ErrorCode code) {
    return retryable(code) || code == ErrorCode::kCancelled || code == ErrorCode::kInternal;
}

}  // namespace

Result<bool> read_stored(ObjectReader& reader,
                         std::uint64_t offset,
                         std::span<char> out,
                         std::optional<ObjectProblem>& problem) {
    std::size_t done = 0;
    while (done < out.size()) {
        auto bytes = reader.read_at(offset + done, out.subspan(done));
        if (!bytes.ok() && may_pass(bytes.error().code)) {
            return std::move(bytes).error();
        }
        if (!bytes.ok()) {
            problem = ObjectProblem{RejectCode::kFileUnreadable, bytes.error().message};
            return false;
        }
        if (*bytes == 0) {
            problem = ObjectProblem{
                RejectCode::kFileUnreadable,
                reader.info().key.str() +
                    " became shorter while it was read: " + std::to_string(offset + done) + " of " +
                    std::to_string(reader.info().bytes) + " bytes are there"};
            return false;
        }
        done += *bytes;
    }
    return true;
}

bool is_compressed(ObjectReader& reader) {
    const std::string& key = reader.info().key.str();
    return key.ends_with(".gz") || key.ends_with(".zst");
}

std::unique_ptr<ByteStream> make_byte_stream(ObjectReader& reader) {
    const std::string& key = reader.info().key.str();
    if (key.ends_with(".gz")) {
        return std::make_unique<DecodedStream<GzipDecoder>>(reader);
    }
    if (key.ends_with(".zst")) {
        return std::make_unique<DecodedStream<ZstdDecoder>>(reader);
    }
    return std::make_unique<PlainStream>(reader);
}

}  // namespace muster
