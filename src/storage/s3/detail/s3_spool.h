// Local files of a store that has none: those that a library writes before they are sent, and
// copies of objects for libraries that read files. Thread-safe.
#pragma once

#include "core/ids.h"
#include "core/result.h"
#include "storage/object_store.h"

#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace muster {

// How much of copies that nobody uses stays for the next one who asks.
inline constexpr std::uint64_t kSpoolBytesKept = 1U << 30;

class S3Spool {
  public:
    // Makes nothing yet. The folder of this spool is one of its own below `parent`.
    explicit S3Spool(std::filesystem::path parent) : parent_(std::move(parent)) {}
    // Removes all of it.
    ~S3Spool();
    S3Spool(const S3Spool&) = delete;
    S3Spool& operator=(const S3Spool&) = delete;

    // A path where nothing is yet. kIo if `bytes` would not fit on the disk.
    Result<std::filesystem::path> new_path(const ObjectKey& key, std::uint64_t bytes);
    // Takes the file over as the copy of this version of an object.
    LocalCopy adopt(const ObjectKey& key,
                    const std::string& etag,
                    std::uint64_t bytes,
                    const std::filesystem::path& path);
    // The copy of just this version.
    std::optional<LocalCopy> find(const ObjectKey& key, const std::string& etag);

  private:
    struct File;
    struct Entry {
        std::string etag;
        std::uint64_t bytes = 0;
        std::shared_ptr<File> file;
        std::list<ObjectKey>::iterator age;
    };
    Result<void> open();
    void forget(const ObjectKey& key);

    const std::filesystem::path parent_;
    std::mutex mutex_;
    std::filesystem::path folder_;
    int lock_ = -1;  // held as long as the process lives
    std::uint64_t counter_ = 0;
    std::map<ObjectKey, Entry> entries_;
    std::list<ObjectKey> ages_;  // the oldest first
    std::uint64_t bytes_kept_ = 0;
};

}  // namespace muster
