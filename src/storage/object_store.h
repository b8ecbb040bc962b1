// Where objects live: a local folder now, S3 later, behind one interface. Keys are relative to the
// store's root, with '/' between parts. All methods may be called from several threads.
#pragma once

#include "core/ids.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

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
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) = 0;
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
    // A path that a library may read or write directly. Writers call publish_path when done.
    virtual Result<std::filesystem::path> path_for_read(const ObjectKey& key) = 0;
    // A temporary path beside the object, its folders made.
    virtual Result<std::filesystem::path> path_for_write(const ObjectKey& key) = 0;
    // Makes a file written at path_for_write durable and visible under its key.
    virtual Result<void> publish_path(const std::filesystem::path& path, const ObjectKey& key) = 0;
};

struct StoreOptions {
    // Symbolic links below the root are refused with kConflict instead of followed, so that nobody
    // makes muster read or write elsewhere. A store without links ignores it.
    bool refuse_links = false;
};

// A store for a folder path or a file:// URL. The folder need not exist yet.
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url,
                                                const StoreOptions& options = {});

// A whole object as text, at most `bytes_max`.
Result<std::string> read_object(ObjectStore& store, const ObjectKey& key, std::size_t bytes_max);

// Creates, writes and commits in one call.
Result<void> write_object(ObjectStore& store, const ObjectKey& key, std::string_view content);
// The same with commit_if_absent().
Result<void> write_new_object(ObjectStore& store, const ObjectKey& key, std::string_view content);

}  // namespace muster
