// Where objects live: a local folder or an S3 bucket, behind one interface. Keys are relative to
// the store's root, with '/' between parts. All methods may be called from several threads. Errors
// name the object and the operation.
#pragma once

#include "core/ids.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

class CancelToken;

// What identifies a version of an object without reading it.
struct ObjectInfo {
    ObjectKey key;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;  // 0 where the store has none
    std::int64_t ctime_ns = 0;
    std::uint64_t inode = 0;
    std::string etag;  // "" where the store has none
};

// One open object. read_at is thread-safe.
class ObjectReader {
  public:
    virtual ~ObjectReader() = default;
    // The state at the time of opening.
    virtual const ObjectInfo& info() const = 0;
    // Fills `out` from `offset`; returns the bytes read, fewer only at the end of the object.
    // kConflict if the object was replaced since it was opened, where the store can tell.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) = 0;
};

// A file with the content of an object, for libraries that read files. It may be removed when the
// last copy of `keep` is gone, and with the store.
struct LocalCopy {
    std::filesystem::path path;
    std::shared_ptr<const void> keep;
};

// A new object. Nothing is visible before commit(); a writer that is destroyed without it leaves
// nothing behind.
class ObjectWriter {
  public:
    virtual ~ObjectWriter() = default;
    virtual Result<void> write(std::string_view bytes) = 0;
    // Makes the object durable (file and folder) and visible under its key, replacing an older one.
    virtual Result<void> commit() = 0;
    // The same, but kConflict if an object of this key is there: of two, one wins.
    virtual Result<void> commit_if_absent() = 0;
};

class ObjectStore {
  public:
    virtual ~ObjectStore() = default;
    // "file /data/in" or "s3://bucket/prefix", for messages.
    virtual std::string describe() const = 0;
    // The objects whose key matches the glob, ordered by key (bytes). A missing root folder is an
    // error, a pattern without a match is not.
    virtual Result<std::vector<ObjectInfo>> list(std::string_view glob) = 0;
    // All objects below a prefix "a/b/", recursively, ordered by key, leftovers of broken writes
    // included; a missing one is empty.
    virtual Result<std::vector<ObjectInfo>> list_below(std::string_view prefix) = 0;
    virtual Result<std::unique_ptr<ObjectReader>> open(const ObjectKey& key) = 0;
    virtual Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key) = 0;
    // Removing what is not there is no error.
    virtual Result<void> remove(const ObjectKey& key) = 0;
    // Removes everything below a prefix "a/b/", leftovers of broken writes included.
    virtual Result<void> remove_below(std::string_view prefix) = 0;
    // Removes folders below a prefix that hold nothing; a store without folders has none.
    virtual Result<void> remove_empty_below(std::string_view prefix) = 0;
    // A file that a library may read directly: the object itself, or a copy of it.
    virtual Result<LocalCopy> path_for_read(const ObjectKey& key) = 0;
    // A path that a library may write directly, its folders made. Writers call publish_path when
    // done.
    virtual Result<std::filesystem::path> path_for_write(const ObjectKey& key) = 0;
    // Makes a file written at path_for_write durable and visible under its key. The file is the
    // store's from then on.
    virtual Result<void> publish_path(const std::filesystem::path& path, const ObjectKey& key) = 0;
    // How many milliseconds the store's clock is ahead of this machine's, by its last answer;
    // nothing for a store that has none, or has not answered yet.
    virtual std::optional<std::int64_t> clock_ahead_ms() const { return std::nullopt; }
};

// How S3 is reached. What is empty comes from the environment and the shared configuration files
// that the AWS tools read too (docs/s3.md).
struct S3Options {
    std::string region;
    std::string endpoint;            // "https://host:port"; "": that of AWS for the region
    std::optional<bool> path_style;  // nothing: as the endpoint needs it
    std::string sse;                 // "" | "AES256" | "aws:kms"
    std::string kms_key;
    std::string profile;
};

struct StoreOptions {
    // Symbolic links below the root are refused with kConflict instead of followed, so that nobody
    // makes muster read or write elsewhere. A store without links ignores it.
    bool refuse_links = false;
    // The rest is for stores that are not a local folder.
    S3Options s3;
    // Whether the file of publish_path may answer a later path_for_read.
    bool reuse_copies = true;
    // Where a store keeps local copies; made when needed. "": below the system's temporary folder.
    std::filesystem::path spool_dir;
    // Looks up an environment variable. Empty: none is set.
    std::function<std::optional<std::string>(const std::string&)> environment;
    // Ends requests and waits with kCancelled. It must outlive the store; null is allowed.
    const CancelToken* cancel = nullptr;
};

// A store for a folder path, a file:// or an s3://bucket/prefix URL. A folder need not exist yet;
// nothing is sent to a server.
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url,
                                                const StoreOptions& options = {});

// True for "s3://...": such a URL is taken as it is, not as a path.
bool is_remote_url(std::string_view url);

// The path or URL of one object, as the store that holds it and its key there.
struct ObjectLocation {
    std::string store_url;
    ObjectKey key;
};
ObjectLocation split_object_url(const std::string& url);

// A whole object as text, at most `bytes_max`.
Result<std::string> read_object(ObjectStore& store, const ObjectKey& key, std::size_t bytes_max);

// Creates, writes and commits in one call.
Result<void> write_object(ObjectStore& store, const ObjectKey& key, std::string_view content);
// The same with commit_if_absent().
Result<void> write_new_object(ObjectStore& store, const ObjectKey& key, std::string_view content);

}  // namespace muster
