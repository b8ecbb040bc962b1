#include "storage/object_store.h"

#include "storage/detail/local_store.h"
#include "storage/s3/detail/s3_store.h"

#include <fmt/core.h>

namespace muster {
namespace {

constexpr std::string_view kS3Scheme = "s3://";

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url,
                                                const StoreOptions& options) {
    static constexpr std::string_view kFileScheme = "file://";
    if (url.starts_with(kFileScheme)) {
        return make_local_store(url.substr(kFileScheme.size()), options);
    }
    if (url.starts_with(kS3Scheme)) {
        return make_s3_store(url, options);
    }
    if (const auto scheme = url.find("://"); scheme != std::string::npos) {
        return Error{.code = ErrorCode::kUsage,
                     .message = fmt::format(
                         "'{}': this build has no store for {}://", url, url.substr(0, scheme)),
                     .hint = "use the path of a folder, or s3://bucket/prefix"};
    }
    return make_local_store(url, options);
}

bool is_remote_url(std::string_view url) { return url.starts_with(kS3Scheme); }

ObjectLocation split_object_url(const std::string& url) {
    if (!is_remote_url(url)) {
        const std::filesystem::path path{url};
        return {path.parent_path().string(), ObjectKey{path.filename().string()}};
    }
    const std::size_t slash = url.rfind('/');
    return slash < kS3Scheme.size()
               ? ObjectLocation{url, ObjectKey{}}
               : ObjectLocation{url.substr(0, slash + 1), ObjectKey{url.substr(slash + 1)}};
}

Result<std::string> read_object(ObjectStore& store, const ObjectKey& key, std::size_t bytes_max) {
    MUSTER_ASSIGN(auto reader, store.open(key));
    const std::uint64_t bytes = reader->info().bytes;
    if (bytes > bytes_max) {
        return Error{.code = ErrorCode::kIo,
                     .message = fmt::format(
                         "{}: {} bytes, more than the {} expected", key.str(), bytes, bytes_max)};
    }
    std::string content(bytes, '\0');
    MUSTER_ASSIGN(const std::size_t taken, reader->read_at(0, content));
    content.resize(taken);
    return content;
}

Result<void> write_object(ObjectStore& store, const ObjectKey& key, std::string_view content) {
    MUSTER_ASSIGN(auto writer, store.create(key));
    MUSTER_TRY(writer->write(content));
    return writer->commit();
}

Result<void> write_new_object(ObjectStore& store, const ObjectKey& key, std::string_view content) {
    MUSTER_ASSIGN(auto writer, store.create(key));
    MUSTER_TRY(writer->write(content));
    return writer->commit_if_absent();
}

}  // namespace muster
