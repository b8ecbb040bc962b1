#include "storage/s3/detail/s3_store.h"

#include "core/clock.h"
#include "core/text.h"
#include "storage/s3/detail/read_ahead.h"
#include "storage/s3/detail/s3_client.h"
#include "storage/s3/detail/s3_spool.h"
#include "storage/s3/detail/s3_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

namespace muster {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScheme = "s3://";
constexpr std::size_t kRemoveKeysMax = 1'000;  // of one DeleteObjects
constexpr std::size_t kCopyPieceBytes = 4U << 20;
constexpr int kStatusMissing = 404;

std::string unquoted(const std::string& etag) {
    return etag.size() >= 2 && etag.front() == '"' ? etag.substr(1, etag.size() - 2) : etag;
}

std::string md5_base64(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    MUSTER_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr) ==
                 1);
    return base64_encode({reinterpret_cast<const char*>(digest.data()), length});
}

bool xml_can_hold(std::string_view key) {
    return valid_utf8(key) && std::none_of(key.begin(), key.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20;
           });
}

class S3Store final : public ObjectStore {
  public:
    S3Store(S3Address address, std::string prefix, const StoreOptions& options, AwsProfile profile)
        : reuse_copies_(options.reuse_copies),
          prefix_(std::move(prefix)),
          client_(std::move(address),
                  options.environment,
                  std::move(profile),
                  !options.s3.profile.empty(),
                  clock_,
                  options.cancel),
          spool_(options.spool_dir.empty() ? fs::temp_directory_path() / "muster-s3"
                                           : options.spool_dir) {}

    std::string describe() const override {
        return fmt::format("{}{}/{}", kScheme, client_.address().bucket, prefix_);
    }

    Result<std::vector<ObjectInfo>> list(std::string_view glob) override {
        const std::size_t special = std::min(glob.find_first_of("*?[\\"), glob.size());
        // A pattern without '/' in its open part matches nothing deeper.
        const bool flat = glob.find('/', special) == glob.npos;
        MUSTER_ASSIGN(auto found, list_keys(glob.substr(0, special), flat));
        std::erase_if(found, [&](const ObjectInfo& info) {
            return info.key.str().ends_with('/') || !glob_match(glob, info.key.str());
        });
        return found;
    }

    Result<std::vector<ObjectInfo>> list_below(std::string_view prefix) override {
        MUSTER_ASSIGN(auto found, list_keys(prefix, false));
        std::erase_if(found, [](const ObjectInfo& info) { return info.key.str().ends_with('/'); });
        return found;
    }

    Result<std::unique_ptr<ObjectReader>> open(const ObjectKey& key) override {
        MUSTER_ASSIGN(ObjectInfo info, head(key));
        return std::unique_ptr<ObjectReader>{
            std::make_unique<S3Reader>(client_, pool_, full(key), std::move(info))};
    }

    Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key) override {
        return std::unique_ptr<ObjectWriter>{std::make_unique<S3Writer>(client_, full(key))};
    }

    Result<void> remove(const ObjectKey& key) override {
        const S3Call call{.operation = "DeleteObject",
                          .method = "DELETE",
                          .key = full(key),
                          .prefix = {},
                          .cleanup = true};
        MUSTER_ASSIGN(const S3Answer answer, client_.send(call));
        const bool gone =
            answer.http.status == kStatusMissing && answer.error.code != "NoSuchBucket";
        if (!answer.ok() && !gone) {
            return client_.error_of(call, answer);
        }
        return {};
    }

    Result<void> remove_below(std::string_view prefix) override {
        MUSTER_ASSIGN(const auto found, list_keys(prefix, false));
        std::vector<std::string> keys;
        for (const ObjectInfo& info : found) {
            if (!xml_can_hold(info.key.str())) {
                MUSTER_TRY(remove(info.key));
                continue;
            }
            keys.push_back(full(info.key));
            if (keys.size() == kRemoveKeysMax) {
                MUSTER_TRY(remove_keys(keys));
                keys.clear();
            }
        }
        return keys.empty() ? Result<void>{} : remove_keys(keys);
    }

    Result<void> remove_empty_below(std::string_view /*prefix*/) override { return {}; }

    Result<LocalCopy> path_for_read(const ObjectKey& key) override {
        MUSTER_ASSIGN(auto reader, open(key));
        const ObjectInfo& info = reader->info();
        if (auto copy = spool_.find(key, info.etag)) {
            return *std::move(copy);
        }
        MUSTER_ASSIGN(const fs::path path, spool_.new_path(key, info.bytes));
        // Before the download, so that its end removes the file whatever happens.
        LocalCopy copy = spool_.adopt(key, "", info.bytes, path);
        MUSTER_TRY(download(*reader, path));
        return copy;
    }

    Result<fs::path> path_for_write(const ObjectKey& key) override {
        return spool_.new_path(key, 0);
    }

    Result<void> publish_path(const fs::path& path, const ObjectKey& key) override {
        S3Writer writer{client_, full(key)};
        MUSTER_ASSIGN(const std::uint64_t bytes, upload(path, writer));
        MUSTER_TRY(writer.commit());
        if (!reuse_copies_) {
            std::error_code ignored;
            fs::remove(path, ignored);
            return {};
        }
        fs::path kept = path;
        kept += ".kept";
        if (::rename(path.c_str(), kept.c_str()) == 0) {
            spool_.adopt(key, writer.etag(), bytes, kept);
        }
        return {};
    }

    std::optional<std::int64_t> clock_ahead_ms() const override { return client_.clock_ahead_ms(); }

  private:
    std::string full(const ObjectKey& key) const { return prefix_ + key.str(); }

    // The objects whose key begins with `prefix`, in the order of their keys.
    Result<std::vector<ObjectInfo>> list_keys(std::string_view prefix, bool flat) {
        S3Call call{.operation = "ListObjectsV2",
                    .method = "GET",
                    .key = {},
                    .prefix = prefix_ + std::string{prefix},
                    .whole = [](std::string_view body) { return parse_s3_page(body).ok(); }};
        std::vector<ObjectInfo> found;
        std::string token;
        do {
            call.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", call.prefix}};
            if (flat) {
                call.query.emplace_back("delimiter", "/");
            }
            if (!token.empty()) {
                call.query.emplace_back("continuation-token", token);
            }
            MUSTER_ASSIGN(const S3Answer answer, client_.call(call));
            MUSTER_ASSIGN(S3Page page, parse_s3_page(answer.http.body));
            for (S3Entry& entry : page.entries) {
                if (entry.key.starts_with(prefix_) && entry.key.size() > prefix_.size()) {
                    found.push_back({.key = ObjectKey{entry.key.substr(prefix_.size())},
                                     .bytes = entry.bytes,
                                     .etag = std::move(entry.etag)});
                }
            }
            token = std::move(page.next_token);
        } while (!token.empty());
        std::sort(found.begin(), found.end(), [](const ObjectInfo& a, const ObjectInfo& b) {
            return a.key < b.key;
        });
        return found;
    }

    Result<ObjectInfo> head(const ObjectKey& key) {
        S3Call call{.operation = "HeadObject", .method = "HEAD", .key = full(key), .prefix = {}};
        MUSTER_ASSIGN(S3Answer answer, client_.send(call));
        if (!answer.ok()) {
            // The answer to HEAD has no body that tells why: GET's has.
            call.operation = "GetObject";
            call.method = "GET";
            call.headers.emplace_back("range", "bytes=0-0");
            MUSTER_ASSIGN(S3Answer why, client_.send(call));
            return client_.error_of(call, why.ok() ? answer : why);
        }
        ObjectInfo info{.key = key, .etag = unquoted(answer.http.header("etag"))};
        const std::string& length = answer.http.header("content-length");
        const char* end = length.data() + length.size();
        const auto [rest, status] = std::from_chars(length.data(), end, info.bytes);
        if (status != std::errc{} || rest != end) {
            return Error{.code = ErrorCode::kIo,
                         .message = client_.place(call) + ": the server does not tell its size",
                         .hint = "check that [s3] endpoint is an S3 server"};
        }
        return info;
    }

    Result<void> remove_keys(const std::vector<std::string>& keys) {
        const std::string body = delete_body(keys);
        S3Call call{
            .operation = "DeleteObjects",
            .method = "POST",
            .key = {},
            .prefix = keys.front(),
            .query = {{"delete", ""}},
            .headers = {{"content-md5", md5_base64(body)}, {"content-type", "application/xml"}},
            .body = body,
            .cleanup = true,
            .whole = [](std::string_view text) { return parse_s3_delete(text).ok(); }};
        MUSTER_ASSIGN(const S3Answer answer, client_.call(call));
        MUSTER_ASSIGN(const auto fault, parse_s3_delete(answer.http.body));
        if (!fault) {
            return {};
        }
        S3Answer refused = answer;
        refused.http.status = fault->code == "AccessDenied" ? 403 : 500;
        refused.error.code = fault->code;
        refused.error.message = fault->message;
        call.key = fault->key;
        return client_.error_of(call, refused);
    }

    static Error file_error(std::string_view operation, const fs::path& path) {
        return {.code = ErrorCode::kIo,
                .message =
                    fmt::format("cannot {} {}: {}", operation, path.string(), std::strerror(errno)),
                .hint = "check the space and the permissions of this folder"};
    }

    Result<void> download(ObjectReader& reader, const fs::path& path) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (file < 0) {
            return file_error("create", path);
        }
        auto copied = copy_to(reader, file, path);
        if (::close(file) != 0 && copied.ok()) {
            return file_error("write", path);
        }
        return copied;
    }

    static Result<void> copy_to(ObjectReader& reader, int file, const fs::path& path) {
        std::vector<char> piece(static_cast<std::size_t>(
            std::min<std::uint64_t>(kCopyPieceBytes, reader.info().bytes)));
        for (std::uint64_t offset = 0; offset < reader.info().bytes;) {
            MUSTER_ASSIGN(const std::size_t taken, reader.read_at(offset, piece));
            for (std::size_t done = 0; done < taken;) {
                const ssize_t count = ::write(file, piece.data() + done, taken - done);
                if (count < 0 && errno != EINTR) {
                    return file_error("write", path);
                }
                done += count > 0 ? static_cast<std::size_t>(count) : 0;
            }
            offset += taken;
        }
        return {};
    }

    static Result<std::uint64_t> upload(const fs::path& path, ObjectWriter& writer) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            return file_error("open", path);
        }
        auto sent = send_from(file, path, writer);
        ::close(file);
        return sent;
    }

    static Result<std::uint64_t> send_from(int file, const fs::path& path, ObjectWriter& writer) {
        std::vector<char> piece(kCopyPieceBytes);
        for (std::uint64_t bytes = 0;;) {
            const ssize_t count = ::read(file, piece.data(), piece.size());
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return file_error("read", path);
            }
            if (count == 0) {
                return bytes;
            }
            MUSTER_TRY(writer.write({piece.data(), static_cast<std::size_t>(count)}));
            bytes += static_cast<std::uint64_t>(count);
        }
    }

    const SystemClock clock_;
    const bool reuse_copies_;
    const std::string prefix_;  // "" or with '/' at its end
    S3Client client_;
    FetchPool pool_;
    S3Spool spool_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_s3_store(const std::string& url,
                                                   const StoreOptions& options) {
    const std::string rest = url.substr(kScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string prefix = slash == rest.size() ? "" : rest.substr(slash + 1);
    if (!prefix.empty() && !prefix.ends_with('/')) {
        prefix += '/';
    }
    AwsProfile profile = load_aws_profile(options.environment, options.s3.profile);
    const std::string wanted = options.s3.profile.empty()
                                   ? variable(options.environment, "AWS_PROFILE")
                                   : options.s3.profile;
    if (!wanted.empty() && !profile.found) {
        return Error{
            .code = ErrorCode::kUsage,
            .message = fmt::format("there is no profile '{}' in {}", profile.name, profile.files),
            .hint = "write it there, or name another one by [s3] profile or AWS_PROFILE"};
    }
    MUSTER_ASSIGN(S3Address address,
                  resolve_address(rest.substr(0, slash), options.s3, options.environment, profile));
    return std::unique_ptr<ObjectStore>{std::make_unique<S3Store>(
        std::move(address), std::move(prefix), options, std::move(profile))};
}

}  // namespace muster
