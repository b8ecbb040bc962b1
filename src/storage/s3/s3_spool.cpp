#include "storage/s3/detail/s3_spool.h"

#include "core/text.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace muster {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "s3-spool-";
constexpr std::string_view kLockName = ".lock";
constexpr std::uint64_t kFreeBytesLeft = 16U << 20;

// A descriptor that holds the lock of a spool's folder; -1 if a living process does.
int lock_folder(const fs::path& folder) {
    const int file =
        ::open((folder / kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0 && ::flock(file, LOCK_EX | LOCK_NB) != 0) {
        ::close(file);
        return -1;
    }
    return file;
}

// Spools of processes that died.
void remove_orphans(const fs::path& parent) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator{parent, ignored}) {
        if (!entry.path().filename().string().starts_with(kPrefix)) {
            continue;
        }
        if (const int lock = lock_folder(entry.path()); lock >= 0) {
            fs::remove_all(entry.path(), ignored);
            ::close(lock);
        }
    }
}

}  // namespace

struct S3Spool::File {
    fs::path path;

    explicit File(fs::path where) : path(std::move(where)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::unlink(path.c_str()); }
};

S3Spool::~S3Spool() {
    entries_.clear();
    if (lock_ >= 0) {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
        ::close(lock_);
    }
}

// Requires mutex_.
Result<void> S3Spool::open() {
    if (!folder_.empty()) {
        return {};
    }
    std::error_code failure;
    fs::create_directories(parent_, failure);
    remove_orphans(parent_);
    std::string made = (parent_ / (std::string{kPrefix} + "XXXXXX")).string();
    if (failure || ::mkdtemp(made.data()) == nullptr || (lock_ = lock_folder(made)) < 0) {
        return Error{.code = ErrorCode::kIo,
                     .message = fmt::format("cannot make a folder for copies of objects in {}: {}",
                                            parent_.string(),
                                            failure ? failure.message() : std::strerror(errno)),
                     .hint =
                         "check the permissions of this folder, or name another one with "
                         "--data-dir"};
    }
    folder_ = made;
    return {};
}

Result<fs::path> S3Spool::new_path(const ObjectKey& key, std::uint64_t bytes) {
    const std::lock_guard lock{mutex_};
    MUSTER_TRY(open());
    struct statvfs facts {};
    if (::statvfs(folder_.c_str(), &facts) == 0) {
        const std::uint64_t free_bytes = std::uint64_t{facts.f_bavail} * facts.f_frsize;
        if (free_bytes < bytes + kFreeBytesLeft) {
            return Error{.code = ErrorCode::kIo,
                         .message = fmt::format("a copy of {} needs {}, but {} has {} left",
                                                printable(key.str()),
                                                human_bytes(bytes),
                                                folder_.string(),
                                                human_bytes(free_bytes)),
                         .hint = "free some space, or name another folder with --data-dir"};
        }
    }
    // The end of the name stays, for libraries that look at it.
    const std::string name = key.str().substr(key.str().rfind('/') + 1);
    return folder_ / fmt::format("{}-{}", counter_++, name);
}

LocalCopy S3Spool::adopt(const ObjectKey& key,
                         const std::string& etag,
                         std::uint64_t bytes,
                         const fs::path& path) {
    const std::lock_guard lock{mutex_};
    forget(key);
    const auto file = std::make_shared<File>(path);
    if (!etag.empty() && bytes <= kSpoolBytesKept) {
        ages_.push_back(key);
        entries_[key] = Entry{etag, bytes, file, std::prev(ages_.end())};
        bytes_kept_ += bytes;
        while (bytes_kept_ > kSpoolBytesKept) {
            forget(ages_.front());
        }
    }
    return {path, file};
}

std::optional<LocalCopy> S3Spool::find(const ObjectKey& key, const std::string& etag) {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        return std::nullopt;
    }
    if (found->second.etag != etag) {
        forget(key);
        return std::nullopt;
    }
    return LocalCopy{found->second.file->path, found->second.file};
}

// Whoever uses the file keeps it. Requires mutex_.
void S3Spool::forget(const ObjectKey& key) {
    const auto found = entries_.find(ObjectKey{key});
    if (found == entries_.end()) {
        return;
    }
    bytes_kept_ -= found->second.bytes;
    ages_.erase(found->second.age);
    entries_.erase(found);
}

}  // namespace muster
